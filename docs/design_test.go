// Package docs_test holds the code to what docs says of it.
package docs_test

import (
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const module = "vggtrain/"

// TestImportArrows holds the imports to the table of design.md, a row a package:
//
//	| folder | what lives there | may import |
//	|---|---|---|
//	| `model` | networks | `blocks`, `internal/op` |
//	| `internal/rng` | random numbers | – |
//	| `cmd/vggtrain` | the command line | everything |
func TestImportArrows(t *testing.T) {
	text, err := os.ReadFile("design.md")
	if err != nil {
		t.Fatal(err)
	}
	leave, err := readLeave(string(text))
	if err != nil {
		t.Fatalf("design.md: %v", err)
	}
	imports, err := readImports("..")
	if err != nil {
		t.Fatal(err)
	}
	for _, wrong := range compare(leave, imports) {
		t.Errorf("design.md: %s", wrong)
	}
}

// TestPathsOfDesign finds files that design.md names and that are not there. Capitals stand for a name.
func TestPathsOfDesign(t *testing.T) {
	text, err := os.ReadFile("design.md")
	if err != nil {
		t.Fatal(err)
	}
	paths := regexp.MustCompile("`([a-z_/.]+/[a-z0-9_.]+\\.[a-z]+)`").FindAllStringSubmatch(string(text), -1)
	if len(paths) < 30 {
		t.Errorf("%d paths found, want more", len(paths))
	}
	for _, path := range paths {
		if _, err := os.Stat(filepath.Join("..", filepath.FromSlash(path[1]))); err != nil && !strings.HasPrefix(path[1], "gorgonia.") {
			t.Error(err)
		}
	}
}

// everything stands for all folders in the table.
const everything = "everything"

// readLeave reads which folders each may import.
func readLeave(text string) (map[string][]string, error) {
	_, table, found := strings.Cut(strings.ReplaceAll(text, "\r\n", "\n"), "\n| folder | what lives there | may import |\n|---|---|---|\n")
	if !found {
		return nil, fmt.Errorf("no table | folder | what lives there | may import |")
	}
	leave := map[string][]string{}
	for line := range strings.Lines(table) {
		if !strings.HasPrefix(line, "|") {
			break
		}
		cells := strings.Split(strings.Trim(line, "|\n"), "|")
		if len(cells) != 3 {
			return nil, fmt.Errorf("%d cells in %q, want 3", len(cells), line)
		}
		folder := folderOf(cells[0])
		if _, twice := leave[folder]; twice {
			return nil, fmt.Errorf("two rows of %s", folder)
		}
		leave[folder] = []string{}
		for name := range strings.SplitSeq(cells[2], ",") {
			if name := folderOf(name); name != "–" {
				leave[folder] = append(leave[folder], name)
			}
		}
	}
	return leave, nil
}

// folderOf is a folder's name without what it is dressed in.
func folderOf(cell string) string { return strings.TrimSuffix(strings.Trim(cell, " `"), "/") }

// readImports reads which folders of the module each package imports, for any system, outside of its tests.
func readImports(root string) (map[string][]string, error) {
	imports := map[string][]string{}
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if base := d.Name(); name != root && (base == "testdata" || strings.HasPrefix(base, ".") || strings.HasPrefix(base, "_")) {
				return filepath.SkipDir
			}
			return nil
		}
		if filepath.Ext(name) != ".go" || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		folder, err := filepath.Rel(root, filepath.Dir(name))
		if err != nil {
			return err
		}
		folder = filepath.ToSlash(folder)
		found := imports[folder]
		for _, spec := range file.Imports {
			quoted, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			if ours, is := strings.CutPrefix(quoted, module); is && !slices.Contains(found, ours) {
				found = append(found, ours)
			}
		}
		imports[folder] = found
		return nil
	})
	return imports, err
}

// compare says what is wrong with the table or the imports.
func compare(leave, imports map[string][]string) (wrong []string) {
	for _, folder := range slices.Sorted(maps.Keys(imports)) {
		may, known := leave[folder]
		if !known {
			wrong = append(wrong, folder+" has no row")
			continue
		}
		for _, imported := range slices.Sorted(slices.Values(imports[folder])) {
			if !slices.Contains(may, imported) && !slices.Contains(may, everything) {
				wrong = append(wrong, folder+" imports "+imported+" without leave")
			}
		}
	}
	for _, folder := range slices.Sorted(maps.Keys(leave)) {
		if _, there := imports[folder]; !there {
			wrong = append(wrong, "a row of "+folder+", which is no package")
		}
		for _, name := range leave[folder] {
			if _, there := imports[name]; !there && name != everything {
				wrong = append(wrong, folder+" may import "+name+", which is no package")
			}
		}
	}
	return wrong
}

// The check finds what it is there to find.
func TestCompare(t *testing.T) {
	leave, err := readLeave("# Design\n\n| folder | what lives there | may import |\n|---|---|---|\n" +
		"| `a/` | one | `b`, `c/d` |\n| `b` | two | – |\n| `cmd` | all | everything |\n| `gone` | three | `lost` |\n\ntext\n| `no` | row | – |\n")
	if err != nil {
		t.Fatal(err)
	}
	imports := map[string][]string{"a": {"c/d", "b"}, "b": {"a"}, "c/d": nil, "cmd": {"a", "b", "c/d"}}
	want := []string{"b imports a without leave", "c/d has no row", "a row of gone, which is no package", "gone may import lost, which is no package"}
	if diff := cmp.Diff(want, compare(leave, imports)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, text := range []string{"no table", "\n| folder | what lives there | may import |\n|---|---|---|\n| a | b |\n"} {
		if got, err := readLeave(text); err == nil {
			t.Errorf("%q: %v", text, got)
		}
	}
}
