package main

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestFilesPage keeps docs/files.md true: each of its tables has the fields, and their types, of what
// the commands write, no more and no fewer.
func TestFilesPage(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "files.md"))
	if err != nil {
		t.Fatal(err)
	}
	told := documentedFields(string(page))
	t.Chdir(t.TempDir())
	arch := "name: tiny\nblocks: [[1, 8], [1, 16]]\nhidden: [32]\ndropout: 0.5\n"
	if err := os.WriteFile("tiny.yaml", []byte(arch), 0o644); err != nil {
		t.Fatal(err)
	}
	margin := "GIF89a\x1c\x00\x1c\x00\x91\x00\x00\x00\x00\x00\xff\xff\xff\x00\x00\x00\x00\x00\x00," + // black, but for a pixel
		"\x05\x00\x05\x00\x01\x00\x01\x00\x00\x02\x02L\x01\x00;"
	if err := os.WriteFile("margin.gif", []byte(margin), 0o644); err != nil {
		t.Fatal(err)
	}
	for file, text := range map[string]string{"other/train-images-idx3-ubyte": "", "photos/train/cat/a.png": "", "photos/train/dog/a.gif": margin, "photos/val/cat/a.gif": margin} {
		if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, []byte(text), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	written := writtenFields(t)
	if got, want := slices.Sorted(maps.Keys(told)), slices.Sorted(maps.Keys(written)); !slices.Equal(got, want) {
		t.Errorf("sections %q, want %q", got, want)
	}
	for section, fields := range written {
		if diff := cmp.Diff(slices.Sorted(maps.Keys(told[section])), slices.Sorted(maps.Keys(fields))); diff != "" {
			t.Errorf("docs/files.md, %s (-told +written):\n%s", section, diff)
		}
		for field, kinds := range fields {
			for kind := range kinds {
				if words := told[section][field]; !strings.Contains(words, kind) && !(kind == "integer" && strings.Contains(words, "number")) {
					t.Errorf("docs/files.md, %s: %s is told to be %q, and is %s", section, field, words, kind)
				}
			}
		}
	}
}

// documentedFields are the fields of each section that has some, with the words for their types.
func documentedFields(page string) map[string]map[string]string {
	row := regexp.MustCompile("(?m)^\\| `([^`]+)` \\| ([^|]+) \\|")
	told := map[string]map[string]string{}
	for _, section := range strings.Split(page, "\n## ")[1:] {
		title, text, _ := strings.Cut(section, "\n")
		for _, m := range row.FindAllStringSubmatch(text, -1) {
			if told[title] == nil {
				told[title] = map[string]string{}
			}
			told[title][m[1]] = m[2]
		}
	}
	return told
}

// fieldKinds are fields, and the kinds of values that they were seen to have.
type fieldKinds map[string]map[string]bool

// writtenFields runs the commands and returns the fields of what each section is about.
func writtenFields(t *testing.T) map[string]fieldKinds {
	all := map[string]fieldKinds{}
	for _, c := range []struct {
		section, line string
		status        int
	}{
		{"fit --json", "fit --arch tiny.yaml --data sample --resize 32 --limit-train 64 --limit-val 20 --epochs 1 --out run --json", 0},
		{"fit --json", "fit --arch tiny.yaml --data sample --resize 32 --limit-train 64 --limit-val 20 --lr 1000 --weight-decay 1 --momentum 0 --nesterov=false " +
			"--warmup-epochs 0 --batch-size 2 --out lost --json", exitDiverged},
		{"fit --dry-run --json", "fit --arch tiny.yaml --data sample --resize 32 --limit-train 64 --dry-run --json", 0},
		{"eval --json", "eval run --data sample --limit 50 --out scores --json", 0},
		{"", "data show --data sample --limit 20 --out grid.png", 0},
		{"predict --json", "predict run grid.png margin.gif none.png --json", exitFailed},
		{"summary --format json", "summary --arch tiny.yaml --format json --blocks", 0},
		{"compare --format json", "compare tiny.yaml vgg11 --input 1x1x28x28 --format json", exitFailed},
		{"data verify --json", "data verify sample --json", 0},
		{"data verify --json", "data verify other --json", exitFailed},
		{"data verify --json", "data verify photos --json", exitFailed},
		{"arch list --json", "arch list --json", 0},
		{"recipe list --json", "recipe list --json", 0},
		{"bench --json", "bench --arch tiny.yaml --data sample --resize 32 --batch-size 8 --steps 2 --layers --json", 0},
	} {
		var stdout, stderr bytes.Buffer
		if status := execute(t.Context(), newRootCommand(), strings.Fields(c.line), &stdout, &stderr); status != c.status {
			t.Fatalf("%s: status %d\n%s", c.line, status, &stderr)
		}
		if c.section == "" {
			continue
		}
		if all[c.section] == nil {
			all[c.section] = fieldKinds{}
		}
		all[c.section].addJSON(t, stdout.Bytes())
	}
	all["steps.jsonl"] = fieldKinds{}
	for _, file := range []string{"run/steps.jsonl", "lost/steps.jsonl"} {
		for line := range bytes.Lines(mustRead(t, file)) {
			all["steps.jsonl"].addJSON(t, line)
		}
	}
	all["score.json"] = fieldKinds{}
	all["score.json"].addJSON(t, mustRead(t, "run/score.json"))
	for section, file := range map[string]string{"metrics.csv": "run/metrics.csv", "errors.csv": "scores/errors.csv"} {
		all[section] = csvFields(t, mustRead(t, file))
	}
	return all
}

func mustRead(t *testing.T, file string) []byte {
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func (f fieldKinds) addJSON(t *testing.T, text []byte) {
	var document any
	if err := json.Unmarshal(text, &document); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	f.add("", document)
}

// add takes a value of a field: layers[].name.
func (f fieldKinds) add(field string, value any) {
	kind := ""
	switch v := value.(type) {
	case nil:
		kind = "null"
	case string:
		kind = "text"
	case float64:
		if kind = "number"; v == math.Trunc(v) {
			kind = "integer"
		}
	case []any:
		kind = "list"
		for _, item := range v {
			if _, ok := item.(map[string]any); ok {
				f.add(field+"[]", item)
			}
		}
	case map[string]any:
		kind = "object"
		for key, item := range v {
			f.add(strings.TrimPrefix(field+"."+key, "."), item)
		}
	default:
		kind = fmt.Sprintf("%T", v)
	}
	if field == "" || strings.HasSuffix(field, "[]") {
		return
	}
	if f[field] == nil {
		f[field] = map[string]bool{}
	}
	f[field][kind] = true
}

// csvFields are the fields of a CSV file with a header and some lines.
func csvFields(t *testing.T, text []byte) fieldKinds {
	lines, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
	if err != nil || len(lines) < 2 {
		t.Fatalf("%v: %s", err, text)
	}
	f := fieldKinds{}
	for i, name := range lines[0] {
		for _, line := range lines[1:] {
			var value any = line[i]
			_ = json.Unmarshal([]byte(line[i]), &value) // else it is text
			f.add(name, value)
		}
	}
	return f
}
