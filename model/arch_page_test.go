package model

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vggtrain/blocks"
)

var update = flag.Bool("update", false, "write the tables of docs/arch.md instead of comparing them")

const archPage = "../docs/arch.md"

// TestArchPage keeps docs/arch.md true: its tables are made of the bounds and of the kinds of
// layers, its examples are read, and each layer is explained. With -update it writes the tables:
//
//	go test ./model -run TestArchPage -update
func TestArchPage(t *testing.T) {
	data, err := os.ReadFile(archPage)
	if err != nil {
		t.Fatal(err)
	}
	page := strings.ReplaceAll(string(data), "\r\n", "\n")
	want := withTable(withTable(page, "keys", keysTable()), "layers", layersTable())
	if *update {
		if err := os.WriteFile(archPage, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		page = want
	}
	if diff := cmp.Diff(page, want); diff != "" {
		t.Errorf("docs/arch.md: go test ./model -run TestArchPage -update writes its tables (-there +made)\n%s", diff)
	}
	examples := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllStringSubmatch(page, -1)
	if len(examples) < 2 {
		t.Errorf("docs/arch.md has %d examples", len(examples))
	}
	for _, example := range examples {
		a, err := ParseArch("docs/arch.md", []byte(example[1]))
		if err == nil {
			_, err = Resolve(a, 1, 56, 56, 10)
		}
		if err != nil {
			t.Errorf("%s: %v", example[1], err)
		}
	}
	for _, word := range layerWords() {
		if !strings.Contains(page, "\n- `"+word+"` ") {
			t.Errorf("docs/arch.md does not explain %s", word)
		}
	}
}

// withTable returns a page with another table between its marks.
func withTable(page, name, table string) string {
	mark := "<!-- table: " + name + " -->\n"
	before, rest, _ := strings.Cut(page, mark)
	_, after, _ := strings.Cut(rest, "\n\n")
	return before + mark + table + "\n" + after
}

func keysTable() string {
	b := func(b bound) string { return fmt.Sprintf("%v %s", b, b.what) }
	return "| key | what | how many |\n|---|---|---|\n" +
		"| `name` | the network's name; the file's without it | 64 letters, digits, `-`, `_` and `.`, of which the first is a letter or digit |\n" +
		"| `blocks` | VGG blocks, `[convolutions, channels]` each | " + strings.Join([]string{b(blockBound), b(convBound), b(channelBound)}, ", ") + " |\n" +
		"| `hidden` | the features of each hidden linear layer; none without it | " + b(hiddenBound) + ", " + b(featureBound) + " |\n" +
		"| `layers` | the layers, an item each, instead of `blocks` and `hidden` | " + b(layerBound) + " |\n" +
		"| `dropout` | the probability behind each hidden layer, or of each `- dropout`; 0 without it | " + probability.String() + " |\n"
}

func layersTable() string {
	takes := map[form]string{anything: "any", image: "an image", row: "a row"}
	table := "| layer | PyTorch's | takes | number | range | without it |\n|---|---|---|---|---|---|\n"
	for _, k := range kinds {
		first := fmt.Sprintf("| `%s` | %s | %s ", k.word, blocks.Type(k.layer), takes[k.takes])
		if k.numbers == nil {
			table += first + "| | | |\n"
		}
		for _, n := range k.numbers {
			table += first + numberColumns(k, n)
			first = "| | | "
		}
	}
	return table
}

// numberColumns are the columns of one number of a layer.
func numberColumns(k *kind, n number) string {
	key, limits, fallback := "`"+n.key+"`", n.bound.String(), "an error"
	if n.fallback != "" {
		fallback = n.fallback
	}
	for _, other := range k.numbers {
		if other.key == n.fallback {
			fallback = "the `" + other.key + "`"
		}
	}
	switch k.open {
	case Classes{}:
		key, limits = "`linear: F`", limits+", or `"+k.openWord+"`"
	case ArchDropout{}:
		key, fallback = "`dropout: P`", "the file's `dropout`"
	}
	return fmt.Sprintf("| %s | %s | %s |\n", key, limits, fallback)
}
