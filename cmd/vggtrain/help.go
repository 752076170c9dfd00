package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// What --help shows fits a screen of this size: screenHelp leaves out what is
// too long for it, and "vggtrain help COMMAND" shows it.
const (
	screenColumns = 80
	screenLines   = 54
)

// manual is what is known of a command: its help, its page in docs/cli and its
// man page are made of it.
type manual struct {
	Command  *cobra.Command
	Text     []string // paragraphs; the first says what the command does
	Groups   []listing
	Examples []string
}

// listing is a titled list of flags or of commands.
type listing struct {
	Title string
	Items []item
}

// item is a flag or a command with what it means.
type item struct {
	Name    string // --lr X
	Meaning string
	Default string // of a flag; "": not shown
}

// newManual collects what is known of a command.
func newManual(cmd *cobra.Command) manual {
	text := cmd.Long
	if text == "" {
		text = cmd.Short
	}
	m := manual{Command: cmd, Text: strings.Split(text, "\n\n"), Groups: commandListings(cmd)}
	m.Groups = append(m.Groups, flagListings(cmd)...)
	for line := range strings.Lines(cmd.Example) {
		m.Examples = append(m.Examples, strings.TrimSpace(line))
	}
	return m
}

// commandListings are the commands under cmd, in the groups of commandGroups.
func commandListings(cmd *cobra.Command) []listing {
	known := map[string]item{}
	var left []string
	for _, c := range cmd.Commands() {
		if c.IsAvailableCommand() || c.Name() == "help" {
			known[c.Name()] = item{Name: c.Name(), Meaning: c.Short}
			left = append(left, c.Name())
		}
	}
	return grouped(commandGroups(cmd), left, "Commands", func(name string) item { return known[name] })
}

// flagListings are the flags of cmd, in the groups that groupFlags gave them.
// --help is none of them: who reads this knows of it.
func flagListings(cmd *cobra.Command) []listing {
	var left []string
	cmd.LocalFlags().VisitAll(func(f *pflag.Flag) {
		if !f.Hidden && f.Name != "help" {
			left = append(left, f.Name)
		}
	})
	groups, widest := flagGroups(cmd), widestName
	if groups != nil {
		widest = widestGrouped
	}
	return grouped(groups, left, "Flags", func(name string) item { return flagItem(cmd.LocalFlags().Lookup(name), widest) })
}

// group is a title and the names of what stands under it, in that order.
type group struct {
	title string
	names []string
}

// grouped puts the named things under the titles of groups; what no group
// names stands last, under rest.
func grouped(groups []group, names []string, rest string, describe func(string) item) []listing {
	left := slices.DeleteFunc(slices.Clone(names), func(name string) bool {
		return slices.ContainsFunc(groups, func(g group) bool { return slices.Contains(g.names, name) })
	})
	var list []listing
	for _, g := range append(groups, group{rest, left}) {
		l := listing{Title: g.title}
		for _, name := range g.names {
			if slices.Contains(names, name) {
				l.Items = append(l.Items, describe(name))
			}
		}
		if len(l.Items) > 0 {
			list = append(list, l)
		}
	}
	return list
}

// widestName and widestGrouped are how many columns a flag may have with the
// words that it takes, alone and where the longest of many flags decides.
const (
	widestName    = 32
	widestGrouped = 27
)

// flagItem describes a flag. Where it takes more words than stand beside its
// name, they are its meaning.
func flagItem(f *pflag.Flag, widest int) item {
	value, meaning := pflag.UnquoteUsage(f)
	i := item{Meaning: meaning, Default: f.DefValue}
	if f.DefValue == "false" {
		i.Default = ""
	}
	// A default that is not a value of the flag stands in its text.
	if before, after, said := strings.Cut(i.Meaning, " (default "); said && strings.HasSuffix(after, ")") {
		i.Meaning, i.Default = before, strings.TrimSuffix(after, ")")
	}
	if len("--"+f.Name+" "+value) > widest {
		value, i.Meaning = "WORD", value
	}
	i.Name = strings.TrimRight("--"+f.Name+" "+value, " ")
	return i
}

// line is the meaning of an item with its default.
func (i item) line() string {
	if i.Default == "" {
		return i.Meaning
	}
	return fmt.Sprintf("%s (default %s)", i.Meaning, i.Default)
}

// fullHelp is all that is known of a command, for people.
func fullHelp(m manual) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n\nUsage:\n  %s\n", strings.Join(m.Text, "\n\n"), m.Command.UseLine())
	for _, l := range m.Groups {
		fmt.Fprintf(&b, "\n%s:\n", l.Title)
		writeItems(&b, l.Items, widestItem(m.Groups))
	}
	writeExamples(&b, m.Examples)
	if m.Command.HasAvailableSubCommands() {
		fmt.Fprintf(&b, "\n\"%s COMMAND --help\" shows the flags and examples of a command.\n", m.Command.CommandPath())
	}
	return b.String()
}

// screenHelp is fullHelp if that fits a screen, else the same without its
// long texts, some examples and blank lines.
func screenHelp(m manual) string {
	if full := fullHelp(m); strings.Count(full, "\n") <= screenLines {
		return full
	}
	var b strings.Builder
	cmd := m.Command
	fmt.Fprintf(&b, "%s.\nUsage: %s\n\n", cmd.Short, cmd.UseLine())
	for _, l := range m.Groups {
		fmt.Fprintf(&b, "%s:\n", l.Title)
		writeItems(&b, l.Items, widestItem(m.Groups))
	}
	writeExamples(&b, m.Examples[:min(len(m.Examples), 2)])
	fmt.Fprintf(&b, "\"vggtrain help%s\" says more.\n", strings.TrimPrefix(cmd.CommandPath(), cmd.Root().Name()))
	return b.String()
}

func writeExamples(w io.Writer, examples []string) {
	if len(examples) > 0 {
		fmt.Fprintf(w, "\nExamples:\n  %s\n", strings.Join(examples, "\n  "))
	}
}

// writeItems writes an item a line, the names in a column that is so wide.
func writeItems(w io.Writer, items []item, wide int) {
	for _, i := range items {
		fmt.Fprintf(w, "  %-*s  %s\n", wide, i.Name, i.line())
	}
}

func widestItem(listings []listing) int {
	wide := 0
	for _, l := range listings {
		for _, i := range l.Items {
			wide = max(wide, utf8.RuneCountInString(i.Name))
		}
	}
	return wide
}
