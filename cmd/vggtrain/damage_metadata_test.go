package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"vggtrain/checkpoint"
)

// edit makes a whole checkpoint with a digest that is right of another state.
type edit struct {
	name    string
	readers string // that have to refuse it; the others read it rightly
	change  func(s *checkpoint.State)
	want    string // in the error line, a regular expression
}

// set changes an entry of the metadata.
func set(key, value string) func(*checkpoint.State) {
	return func(s *checkpoint.State) { s.Metadata["vggtrain."+key] = value }
}

// swap changes a piece of an entry of the metadata, which must have it.
func swap(key, pattern, with string) func(*checkpoint.State) {
	return func(s *checkpoint.State) {
		old := s.Metadata["vggtrain."+key]
		fresh := regexp.MustCompile(pattern).ReplaceAllLiteralString(old, with)
		if fresh == old {
			panic(fmt.Sprintf("no %s in %s", pattern, old))
		}
		s.Metadata["vggtrain."+key] = fresh
	}
}

// without leaves out an entry of the metadata or a tensor.
func without(name string) func(*checkpoint.State) {
	return func(s *checkpoint.State) {
		delete(s.Metadata, name)
		s.Tensors = slices.DeleteFunc(s.Tensors, func(t checkpoint.Tensor) bool { return t.Name == name })
	}
}

// reshape gives a tensor another shape of as many values.
func reshape(name string, shape ...int) func(*checkpoint.State) {
	return func(s *checkpoint.State) { s.Tensor(name).Shape = shape }
}

// with adds a tensor.
func with(name string, shape ...int) func(*checkpoint.State) {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return func(s *checkpoint.State) {
		s.Tensors = append(s.Tensors, checkpoint.Tensor{Name: name, Shape: shape, Data: make([]float32, n)})
	}
}

// manyKeys are the members of a JSON object, as many as fit.
func manyKeys() string {
	var text strings.Builder
	for i := range 300_000 {
		fmt.Fprintf(&text, `"%x":0,`, i)
	}
	return text.String()
}

// edits are states that no run has. The network is [[1, 4]] and [16], of 16×16 images; the run
// ended after one step of epoch 1.
func edits() []edit {
	manyClasses := `["c"` + strings.Repeat(`,"c"`, 600_000) + `]` // more do not fit into a header
	manyBlocks := "name: tiny\nblocks: [[1, 4]" + strings.Repeat(", [1, 4]", 10_000) + "]\nhidden: [16]\ndropout: 0.5\n"
	bomb := "a: &a [x,x,x,x,x,x,x,x,x,x]\n"
	for c := 'b'; c < 'k'; c++ {
		bomb += fmt.Sprintf("%c: &%c [%s]\n", c, c, strings.Repeat(fmt.Sprintf("*%c,", c-1), 10))
	}
	manyEpochs := `"history":[` + strings.Repeat(`{},`, 1_300_000) + `{}]` // as many as fit
	return []edit{
		{"no arch", "eval resume", without("vggtrain.arch"), "no vggtrain.arch"},
		{"no classes", "eval resume", without("vggtrain.classes"), "no vggtrain.classes"},
		{"no input", "eval resume", without("vggtrain.input"), "no vggtrain.input"},
		{"no normalize", "eval resume", without("vggtrain.normalize"), "no vggtrain.normalize"},
		{"arch is no YAML", "eval resume", set("arch", "[[["), "vggtrain.arch"},
		{"arch of text", "eval resume", set("arch", "hello"), "vggtrain.arch"},
		{"arch deeply nested", "eval resume", set("arch", "name: "+strings.Repeat("[", 100_000)), "vggtrain.arch"},
		{"arch of aliases", "eval resume", set("arch", bomb), "vggtrain.arch"},
		{"arch with a block of 10⁹ channels", "eval resume", swap("arch", `\[\[1, 4\]\]`, "[[1, 1000000000]]"), ""},
		{"arch with a block of 10⁹ convolutions", "eval resume", swap("arch", `\[\[1, 4\]\]`, "[[1000000000, 4]]"), ""},
		{"arch with 10⁹ hidden units", "eval resume", swap("arch", `\[16\]`, "[1000000000]"), ""},
		{"arch whose sizes overflow", "eval resume", swap("arch", `\[16\]`, "[9223372036854775807, 9223372036854775807]"), ""},
		{"arch with negative sizes", "eval resume", swap("arch", `\[16\]`, "[-16]"), "vggtrain.arch"},
		{"arch with 10⁴ blocks", "eval resume", set("arch", manyBlocks), ""},
		{"arch of other weights", "eval resume", swap("arch", `\[16\]`, "[17]"), "weights of another network"},
		{"arch of other layers", "eval resume", swap("arch", `\[\[1, 4\]\]`, "[[2, 4]]"), "weights of another network"},
		{"arch with a name of lines and colours", "eval resume", func(s *checkpoint.State) {
			swap("arch", `\[16\]`, "[17]")(s)
			swap("arch", `name: tiny`, `name: "a\nb\e[31m"`)(s)
		}, ""},
		{"arch with an unknown key", "eval resume", swap("arch", `dropout`, "drop-out"), "vggtrain.arch"},
		{"classes are no JSON", "eval resume", set("classes", "Shirt"), "vggtrain.classes"},
		{"classes are numbers", "eval resume", set("classes", "[1,2,3]"), "vggtrain.classes"},
		{"classes are null", "eval resume", set("classes", "null"), ""},
		{"no class", "eval resume", set("classes", "[]"), ""},
		{"a class less", "eval resume", swap("classes", `"T-shirt/top",`, ""), "weights of another network"},
		{"a class name of lines and colours", "eval resume", swap("classes", `"Shirt"`, `"\u001b[2JShirt\nvggtrain: done"`), `vggtrain.classes: name 6: "\\x1b`},
		{"a class without a name", "eval resume", swap("classes", `"Shirt"`, `""`), "vggtrain.classes: name 6: an empty"},
		{"a class with a name of 10⁴ characters", "eval resume", swap("classes", `"Shirt"`, `"`+strings.Repeat("x", 10_000)+`"`), "vggtrain.classes: name 6: .*10000"},
		{"600,000 classes", "eval resume", set("classes", manyClasses), "600001 classes"},
		{"input of 10¹⁶ pixels", "eval resume", set("input", "1x1x99999999x99999999"), ""},
		{"input of no pixels", "eval resume", set("input", "1x1x0x0"), "vggtrain.input"},
		{"input negative", "eval resume", set("input", "1x1x-16x-16"), "vggtrain.input"},
		{"input overflows", "eval resume", set("input", "1x1x18446744073709551632x18446744073709551632"), "vggtrain.input"},
		{"input not square", "eval resume", set("input", "1x1x16x8"), "vggtrain.input"},
		{"input in colour", "eval resume", set("input", "1x3x16x16"), "vggtrain.input"},
		{"input of text", "eval resume", set("input", "16"), "vggtrain.input"},
		{"normalize by 0", "eval resume", set("normalize", "[0, 0]"), "normalize"},
		{"normalize by NaN", "eval resume", set("normalize", "[.nan, 1]"), "normalize"},
		{"normalize of text", "eval resume", set("normalize", "yes"), "normalize"},

		{"a weight missing", "eval resume", without("features.0.bias"), ""},
		{"a weight too many", "eval resume", with("features.9.weight", 3), ""},
		{"a weight with a name of colours", "eval resume", with("\x1b[2J"+strings.Repeat("x", 10_000), 0), `\\x1b\[2Jx{3,60}(…|")`},
		{"a weight transposed", "eval resume", reshape("classifier.0.weight", 256, 16), "classifier.0.weight"},
		{"a weight flat", "eval resume", reshape("classifier.0.weight", 4096), "classifier.0.weight"},
		{"two weights exchanged", "eval resume", func(s *checkpoint.State) {
			s.Tensor("classifier.0.bias").Name, s.Tensor("classifier.3.bias").Name = "classifier.3.bias", "classifier.0.bias"
		}, "classifier"},

		{"weights only", "resume", without("vggtrain.progress"), "weights only"},
		{"no settings", "resume", without("vggtrain.settings"), ""},
		{"settings are no YAML", "resume", set("settings", "[[["), "vggtrain.settings"},
		{"settings with an unknown key", "resume", swap("settings", "momentum:", "momentun:"), "vggtrain.settings"},
		{"settings of 10¹⁸ epochs", "resume", swap("settings", "epochs: 10", "epochs: 1000000000000000000"), "epochs"},
		{"settings with batches of 10¹⁸", "resume", swap("settings", "batch-size: 16", "batch-size: 1000000000000000000"), "batch-size"},
		{"settings with batches of 0", "resume", swap("settings", "batch-size: 16", "batch-size: 0"), "batch-size"},
		{"settings of another batch size", "resume", swap("settings", "batch-size: 16", "batch-size: 8"), "vggtrain.progress"},
		{"settings of another side", "resume", swap("settings", "resize: 16", "resize: 32"), "contradict"},
		{"settings of another network", "resume", swap("settings", "resize: 16", "resize: 99999999"), ""},
		{"settings without momentum", "resume", swap("settings", "momentum: 0.9", "momentum: 0"), ""},
		{"settings of infinite momentum", "resume", swap("settings", "momentum: 0.9", "momentum: .inf"), "momentum"},
		{"settings of a negative rate", "resume", swap("settings", `\nlr: [0-9.]+`, "\nlr: -1"), "lr"},
		{"a momentum missing", "resume", without("optimizer/momentum/features.0.weight"), "optimizer/momentum/features.0.weight"},
		{"a momentum of another shape", "resume", reshape("optimizer/momentum/classifier.0.weight", 4096), "optimizer/momentum/classifier.0.weight"},
		{"a momentum too many", "resume", with("optimizer/momentum/features.9.weight", 3), ""},
		{"no data digest", "resume", without("vggtrain.data-sha256"), "vggtrain.data-sha256"},

		{"progress is no JSON", "resume", set("progress", "yes"), "vggtrain.progress"},
		{"progress of nothing", "resume", set("progress", "{}"), "vggtrain.progress"},
		{"progress of null", "resume", set("progress", "null"), "vggtrain.progress"},
		{"progress twice", "resume", swap("progress", `$`, "{}"), "vggtrain.progress"},
		{"progress deeply nested", "resume", swap("progress", `"history":.*`, `"history":`+strings.Repeat("[", 100_000)), "vggtrain.progress"},
		{"progress with an unknown key", "resume", swap("progress", `"batch"`, `"butch"`), "vggtrain.progress"},
		{"epoch 10¹⁸", "resume", swap("progress", `^{"epoch":1`, `{"epoch":1000000000000000000`), "vggtrain.progress"},
		{"epoch 10³⁰⁰", "resume", swap("progress", `^{"epoch":1`, `{"epoch":1e300`), "vggtrain.progress"},
		{"epoch 0", "resume", swap("progress", `^{"epoch":1`, `{"epoch":0`), "vggtrain.progress"},
		{"epoch 1.5", "resume", swap("progress", `^{"epoch":1`, `{"epoch":1.5`), "vggtrain.progress"},
		{"negative step", "resume", swap("progress", `"step":1`, `"step":-1`), "vggtrain.progress"},
		{"negative batch", "resume", swap("progress", `"batch":1`, `"batch":-1`), "vggtrain.progress"},
		{"batch past the epoch", "resume", swap("progress", `"batch":1`, `"batch":3`), "vggtrain.progress"},
		{"largest batch", "resume", swap("progress", `"batch":1`, `"batch":9223372036854775807`), "vggtrain.progress"},
		{"negative images", "resume", swap("progress", `"images":16`, `"images":-16`), "vggtrain.progress"},
		{"negative loss", "resume", swap("progress", `"loss_sum":`, `"loss_sum":-`), "vggtrain.progress"},
		{"loss NaN", "resume", swap("progress", `"loss_sum":[^,]*`, `"loss_sum":NaN`), "vggtrain.progress"},
		{"loss overflows", "resume", swap("progress", `"loss_sum":[^,]*`, `"loss_sum":1e999`), "vggtrain.progress"},
		{"negative seconds", "resume", swap("progress", `"seconds":`, `"seconds":-`), "vggtrain.progress"},
		{"huge history", "resume", swap("progress", `"history":.*}]`, manyEpochs), "vggtrain.progress"},
		{"huge history of nothing", "resume", swap("progress", `"history":.*}]`, `"history":[`+strings.Repeat(`null,`, 820_000)+`null]`), "vggtrain.progress"},
		{"huge history of numbers", "resume", swap("progress", `"history":.*}]`, `"history":[`+strings.Repeat(`1,`, 1_000_000)+`1]`), "vggtrain.progress"},
		{"history of text", "resume", swap("progress", `"history":.*}]`, `"history":"yes"`), "vggtrain.progress"},
		{"a key twice", "resume", swap("progress", `^{"epoch":1`, `{"epoch":7,"epoch":1`), "vggtrain.progress"},
		{"a key twice in other case", "resume", swap("progress", `^{"epoch":1`, `{"epoch":1,"EPOCH":7`), "vggtrain.progress"},
		{"a million keys", "resume", swap("progress", `^{`, `{`+manyKeys()), "vggtrain.progress"},
		{"no history", "resume", swap("progress", `"history":.*}]`, `"history":[]`), "vggtrain.progress"},
		{"history of the future", "resume", swap("progress", `"history":\[{"epoch":1`, `"history":[{"epoch":7`), "vggtrain.progress"},
		{"best epoch of the future", "resume", swap("progress", `"best_epoch":1`, `"best_epoch":7`), "vggtrain.progress"},
		{"a notice of lines and colours", "resume", swap("progress", `}$`, `,"noticed":["\u001b[2J"]}`), "vggtrain.progress: a notice"},
		{"many notices", "resume", swap("progress", `}$`, `,"noticed":["a","a","a","a","a","a","a","a","a"]}`), "vggtrain.progress: 9 notices"},
		{"negative plateau", "resume", swap("progress", `"plateau":{"sum":[^,]*,"steps":\d+`, `"plateau":{"sum":0,"steps":-5`), "vggtrain.progress"},
		{"negative start of an explosion", "resume", swap("progress", `"start":`, `"start":-`), "vggtrain.progress"},
		{"negative steps of an explosion", "resume", swap("progress", `"explosion":{"start":[^,]*,"sum":[^,]*,"steps":\d+`, `"explosion":{"start":1,"sum":1,"steps":-5`), "vggtrain.progress"},
	}
}

// States that no run has, in whole files, are refused by those who need what is wrong with them.
func TestHostileMetadata(t *testing.T) {
	dir := t.TempDir()
	whole := tinyRun(t, dir)
	path := loneCheckpoint(t, dir, whole)
	for _, e := range edits() {
		t.Run(e.name, func(t *testing.T) {
			s, err := checkpoint.Read(filepath.Join(dir, "run", "checkpoint.bin"))
			if err != nil {
				t.Fatal(err)
			}
			e.change(s)
			if err := checkpoint.Write(path, s); err != nil {
				t.Fatal(err)
			}
			info, err := os.Stat(path)
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range readers(dir) {
				if !strings.Contains(e.readers, r.name) {
					if o := execution(r.args(path)...); r.name == "eval" && o.status != exitDone {
						t.Errorf("%s does not need what is wrong: %.300s", r.name, o.stderr)
					}
					continue
				}
				o := execution(r.args(path)...)
				if wrong := o.refusal(path, int(info.Size())); wrong != "" {
					t.Errorf("%s: %s\n%.2000s", r.name, wrong, o.stderr)
				}
				if !regexp.MustCompile(e.want).MatchString(o.stderr) {
					t.Errorf("%s: %q is not in\n%.2000s", r.name, e.want, o.stderr)
				}
				t.Logf("%s: %v, %d KiB, %.300s", r.name, o.took, o.allocated>>10, o.stderr)
			}
		})
	}
}
