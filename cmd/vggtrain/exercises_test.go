package main

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestExercises keeps docs/exercises.md true. Its yaml blocks are files, named after their networks.
// Each line of its sh blocks is executed, fit as a dry run; the text block behind an sh block is
// exactly what its line prints.
func TestExercises(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "exercises.md"))
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("VGGTRAIN_DATA", "sample")
	t.Chdir(t.TempDir())
	blocks := pageBlocks(string(page))
	shown := 0
	for i, b := range blocks {
		switch b.kind {
		case "yaml":
			name, _, _ := strings.Cut(strings.TrimPrefix(b.text, "name: "), "\n")
			if err := os.WriteFile(name+".yaml", []byte(b.text), 0o644); err != nil {
				t.Fatal(err)
			}
		case "sh":
			if i+1 < len(blocks) && blocks[i+1].kind == "text" {
				checkShown(t, b.text, blocks[i+1].text)
				shown++
				continue
			}
			for line := range strings.Lines(b.text) {
				mustRun(t, shortened(pageArguments(t, line)))
			}
		}
	}
	if shown < 5 {
		t.Errorf("%d commands with what they print; the page has more", shown)
	}
}

// checkShown runs a command that must print want.
func checkShown(t *testing.T, line, want string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	status := execute(t.Context(), newRootCommand(), pageArguments(t, line), &stdout, &stderr)
	if diff := cmp.Diff(want, stdout.String()); status != exitDone || diff != "" {
		t.Errorf("%s: exit status %d, %s(-page +printed):\n%s", line, status, &stderr, diff)
	}
}

func pageArguments(t *testing.T, line string) []string {
	t.Helper()
	args, ours := ourArguments(strings.TrimSpace(line))
	if !ours {
		t.Fatalf("docs/exercises.md: %q is no command of vggtrain", line)
	}
	return args
}

// pageBlock is a fenced block of a page of Markdown.
type pageBlock struct{ kind, text string }

func pageBlocks(page string) []pageBlock {
	var list []pageBlock
	for _, found := range regexp.MustCompile("(?ms)^```(\\w+)\n(.*?)^```$").FindAllStringSubmatch(page, -1) {
		list = append(list, pageBlock{found[1], found[2]})
	}
	return list
}
