package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/spf13/cobra"
)

// everyCommand calls f for the root command and all below it that users see.
func everyCommand(f func(*cobra.Command)) {
	var walk func(*cobra.Command)
	walk = func(cmd *cobra.Command) {
		f(cmd)
		for _, c := range cmd.Commands() {
			if c.IsAvailableCommand() || c.Name() == "help" {
				walk(c)
			}
		}
	}
	root := newRootCommand()
	root.InitDefaultHelpCmd()
	walk(root)
}

// Help is read in terminals of 80 columns, and what --help shows without scrolling.
func TestHelpFits(t *testing.T) {
	everyCommand(func(cmd *cobra.Command) {
		m := newManual(cmd)
		screen, full := screenHelp(m), fullHelp(m)
		if lines := strings.Count(screen, "\n"); lines > screenLines {
			t.Errorf("%s --help has %d lines, more than %d: shorten its texts, or give it less", cmd.CommandPath(), lines, screenLines)
		}
		for line := range strings.Lines(screen + full) {
			line = strings.TrimSuffix(line, "\n")
			if n := utf8.RuneCountInString(line); n > screenColumns || strings.TrimRight(line, " ") != line {
				t.Errorf("%s --help: a line of %d columns: %q", cmd.CommandPath(), n, line)
			}
		}
		for _, c := range cmd.Commands() {
			if !c.Hidden && !strings.Contains(screen, fmt.Sprintf("\n  %s ", c.Name())) {
				t.Errorf("%s --help does not list %s", cmd.CommandPath(), c.Name())
			}
		}
		for _, name := range flagNames(cmd) {
			if cmd.Flags().Lookup(name).Hidden {
				continue
			}
			if listed := strings.Contains(screen, "\n  --"+name); listed == (name == "help") {
				t.Errorf("%s --help lists --%s: %t", cmd.CommandPath(), name, listed)
			}
		}
	})
}

// Help says what a command does, and each flag and command under a title.
func TestHelpIsComplete(t *testing.T) {
	everyCommand(func(cmd *cobra.Command) {
		m := newManual(cmd)
		switch {
		case cmd.Short == "" || strings.HasSuffix(cmd.Short, "."):
			t.Errorf("%s: Short has to be a phrase without a full stop: %q", cmd.CommandPath(), cmd.Short)
		case len(m.Examples) == 0 && !cmd.HasAvailableSubCommands():
			t.Errorf("%s has no example", cmd.CommandPath())
		}
		for _, l := range m.Groups {
			if len(flagGroups(cmd)) > 0 && l.Title == "Flags" || len(commandGroups(cmd)) > 0 && l.Title == "Commands" {
				t.Errorf("%s: %v is in no group: name it in groups.go", cmd.CommandPath(), l.Items)
			}
			for _, i := range l.Items {
				if i.Meaning == "" || strings.Contains(i.Name, " string") || strings.Contains(i.Name, " int") {
					t.Errorf("%s: %q: say what it takes and what it means", cmd.CommandPath(), i)
				}
			}
		}
	})
}

// The examples of help are command lines that parse.
func TestHelpExamples(t *testing.T) {
	count := 0
	everyCommand(func(cmd *cobra.Command) {
		for _, line := range newManual(cmd).Examples {
			command, _, _ := strings.Cut(line, " | ")
			args, ours := ourArguments(command)
			if !ours {
				if !strings.Contains(line, "vggtrain ") {
					t.Errorf("%s: what is this example? %s", cmd.CommandPath(), line)
				}
				continue
			}
			count++
			if err := parse(newRootCommand(), args); err != nil {
				t.Errorf("%s: %s: %v", cmd.CommandPath(), line, err)
			}
		}
	})
	if count < 20 {
		t.Errorf("only %d examples were found", count)
	}
}

// The help of fit names all that a run leaves.
func TestHelpNamesRunFiles(t *testing.T) {
	dir := t.TempDir()
	tinyRun(t, dir)
	files, err := os.ReadDir(filepath.Join(dir, "run"))
	if err != nil {
		t.Fatal(err)
	}
	help := execution("help", "fit").stdout
	for _, f := range files {
		if !strings.Contains(help, "("+f.Name()+")") {
			t.Errorf("%s is not in the help of fit", f.Name())
		}
	}
	if len(files) < 7 {
		t.Errorf("only %v", files)
	}
}

// parse takes a command line apart as execute does, and runs nothing.
func parse(root *cobra.Command, args []string) error {
	root.InitDefaultHelpCmd()
	cmd, rest, err := root.Find(args)
	if err != nil {
		return err
	}
	if err := cmd.ParseFlags(rest); err != nil {
		return err
	}
	return cmd.ValidateArgs(cmd.Flags().Args())
}

func TestWideFlags(t *testing.T) {
	cmd := &cobra.Command{Use: "x"}
	var word string
	choiceFlag(cmd, &word, "schedule", "learning rate over the steps", "constant", "cosine", "step", "onecycle")
	got := flagItem(cmd.Flags().Lookup("schedule"), widestName)
	want := item{"--schedule WORD", "constant|cosine|step|onecycle", "constant"}
	if got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
