package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

func TestEntries(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, dir := range []string{"nets", "nets/deep", ".cache", "a\nb"} {
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Skip(err) // no such names here
		}
	}
	for _, file := range []string{"net.yaml", "NET.YAML", "net.bin", ".net.yaml", "nets/mine.yml", "bad\x1b[31m.yaml"} {
		if err := os.WriteFile(file, nil, 0o644); err != nil {
			t.Skip(err)
		}
	}
	slash := string(filepath.Separator)
	tests := []struct {
		typed string
		rule  folderRule
		want  []cobra.Completion
	}{
		{"", folderIfTyped, []cobra.Completion{"NET.YAML", "net.yaml"}},
		{"", folderToo, []cobra.Completion{"NET.YAML", "net.yaml", "nets" + slash}},
		{"net", folderIfTyped, []cobra.Completion{"net.yaml", "nets" + slash}},
		{"nets/", folderIfTyped, []cobra.Completion{"nets/deep" + slash, "nets/mine.yml"}},
		{"./nets/../ne", folderIfTyped, []cobra.Completion{"./nets/../net.yaml", "./nets/../nets" + slash}},
		{".", folderIfTyped, []cobra.Completion{".cache" + slash, ".net.yaml"}},
		{"nowhere/", folderToo, nil},
		{"net.yaml/", folderToo, nil},
	}
	for _, test := range tests {
		if diff := cmp.Diff(test.want, entries(test.typed, test.rule, ".yaml", ".yml")); diff != "" {
			t.Errorf("%q (-want +got):\n%s", test.typed, diff)
		}
	}
}

func TestEntriesAreBounded(t *testing.T) {
	t.Chdir(t.TempDir())
	for i := range maxEntries + 100 {
		if err := os.WriteFile(strings.Repeat("x", 1+i%200)+string(rune('a'+i/200))+".yaml", nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if got := len(entries("", folderToo, ".yaml")); got != maxEntries {
		t.Errorf("%d entries, want %d", got, maxEntries)
	}
}

// Descriptions end when their time is over, which begins with the first one of a file that fits;
// completions do not.
func TestDescriberInTime(t *testing.T) {
	dir := t.TempDir()
	tinyRun(t, dir)
	path := filepath.Join(dir, "run", "best.bin")
	about := describer{typed: "runs/x"}
	for _, step := range []struct {
		completion string
		described  bool
	}{{"runs/other", false}, {"runs/x", true}, {"runs/x2", false}} {
		got := about.file(step.completion, path)
		if described := strings.HasPrefix(got, step.completion+"\ttiny, epoch 1"); described != step.described || !described && got != step.completion {
			t.Errorf("%s: %q", step.completion, got)
		}
		if !about.until.IsZero() {
			about.until = about.until.Add(-time.Hour)
		}
	}
}

func TestDistinct(t *testing.T) {
	got := distinct([]cobra.Completion{"runs/", "runs/a/best.bin\ta", "runs/b\tb", "runs/b", "other", "runs/c/"}, "r")
	want := []cobra.Completion{"runs/a/best.bin\ta", "runs/b\tb", "runs/c/"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// Every flag is completed, but those that take a number or a text of one's own;
// so is every argument, unless the program cannot know it.
func TestAllIsCompleted(t *testing.T) {
	free := []string{"N", "K", "X", "NxCxHxW", "URL", "bool", ""}
	everyCommand(func(cmd *cobra.Command) {
		cmd.Flags().VisitAll(func(f *pflag.Flag) {
			takes, _ := pflag.UnquoteUsage(f)
			_, has := cmd.GetFlagCompletionFunc(f.Name)
			numbers := strings.HasSuffix(takes, "|N") || strings.HasSuffix(takes, "|D")
			if !has && !numbers && !slices.Contains(free, takes) {
				t.Errorf("%s --%s %s: see flagCompleter", cmd.CommandPath(), f.Name, takes)
			}
		})
		if cmd.HasSubCommands() || cmd.Name() == "help" || cmd.Name() == "show" || cmd.Name() == "completion" {
			return
		}
		for _, word := range strings.Fields(cmd.Use)[1:] {
			name := strings.TrimSuffix(strings.Trim(word, "[]"), "...")
			if strings.ToUpper(name) == name && argumentCompleters[name] == nil && !strings.HasPrefix(word, "-") {
				t.Errorf("%s %s: see argumentCompleters", cmd.CommandPath(), word)
			}
		}
	})
}
