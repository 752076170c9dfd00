package configs

import (
	"errors"
	"strings"
	"testing"

	"vggtrain/model"

	"github.com/google/go-cmp/cmp"
)

var tiny = model.NewVGG("tiny", [][2]int{{1, 8}, {2, 16}}, []int{32}, 0.25)

// A recipe with every setting other than its default.
const everything = `arch:
  name: tiny
  blocks: [[1, 8], [2, 16]]
  hidden: [32]
  dropout: 0.25
data: "my data: [1] \\ \"quoted\" # é"
classes: names.txt
channels: 3
resize: 84
resize-mode: stretch
epochs: 3
batch-size: 32
optimizer: sgd
lr: 0.00001
momentum: 0.9
nesterov: true
weight-decay: 0.0005
schedule: cosine
warmup-epochs: 2
clip-norm: 1.5
label-smoothing: 0.1
dropout: 0.3
augment: flip,crop
normalize: [0.286, 0.353]
init: runs/a/best.bin
seed: 18446744073709551615
shuffle: false
strict: true
val: 5000
limit-train: 1000
limit-val: 200
max-steps: 7
max-time: 1h30m
early-stop: 5
checkpoint-every: 50
tensorboard: true
`

func TestRoundTrip(t *testing.T) {
	r, err := ParseRecipe("config.yaml", []byte(everything))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(everything, string(r.YAML())); diff != "" {
		t.Errorf("YAML (-want +got):\n%s", diff)
	}
	if err := r.Validate(); err != nil {
		t.Error(err)
	}
	d := Defaults()
	for _, k := range Keys() {
		if !r.IsSet(k.Name) {
			t.Errorf("%s is not set", k.Name)
		}
		if k.Name != "optimizer" && k.Name != "dropout" && r.Text(k.Name) == d.Text(k.Name) {
			t.Errorf("%s is the default %s: the test does not see it", k.Name, d.Text(k.Name))
		}
	}
}

func TestRoundTripDefaults(t *testing.T) {
	for _, name := range append(RecipeNames(), "") {
		r := Defaults()
		if name != "" {
			recipe, err := LoadRecipe(name)
			if err != nil {
				t.Fatal(err)
			}
			r = recipe.Over(r)
		}
		if err := r.SetNetwork("tiny.yaml", tiny, FromFlag); err != nil {
			t.Fatal(err)
		}
		r.ResolveDropout(0.25)
		first := r.YAML()
		again, err := ParseRecipe("config.yaml", first)
		if err != nil {
			t.Fatalf("%v\n%s", err, first)
		}
		if diff := cmp.Diff(string(first), string(again.YAML())); diff != "" {
			t.Errorf("(-first +again):\n%s", diff)
		}
		// What it reads is what it was.
		again.origins, r.origins = nil, nil
		again.Arch, r.Arch = Network{}, Network{}
		if diff := cmp.Diff(r, again, cmp.AllowUnexported(Recipe{})); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
}

func TestTextsRoundTrip(t *testing.T) {
	for _, data := range []string{"auto", "/usr/share/x", "true", "12", "1e5", "0x10", "~", "null", "off", "a: b", "a #b", " a ", "-", "-a",
		`\`, `"`, `'`, `C:\data\new`, "*a", "&a", "!a", "%a", "@a", "`a", "[a", "{a", "a,b", "?", "? a", "|", ">", "é", "日本", "...", "---", ".", ".5", "<<", "a\u2028b", "a \u2028 b\u2029", "\ufeffx", "\ufffe\uffff"} {
		r := &Recipe{}
		if err := r.Set("data", data, FromFlag); err != nil {
			t.Errorf("%q: %v", data, err)
			continue
		}
		again, err := ParseRecipe("x", r.YAML())
		if err != nil || again.Data != data {
			t.Errorf("%q became %s and then %+v, %v", data, r.YAML(), again, err)
		}
	}
}

func TestOver(t *testing.T) {
	recipe, err := ParseRecipe("mine.yaml", []byte("lr: 0.5\nmomentum: 0.9\n"))
	if err != nil {
		t.Fatal(err)
	}
	flags := &Recipe{}
	if err := flags.Set("momentum", "0", FromFlag); err != nil { // a value that Go calls zero is set all the same
		t.Fatal(err)
	}
	got := flags.Over(recipe).Over(Defaults())
	if got.LR != 0.5 || got.Optimizer.Momentum != 0 || got.Epochs != 10 || got.Arch.Name != "vgg11" || !got.Shuffle {
		t.Errorf("merged:\n%s", got.YAML())
	}
	for key, want := range map[string]string{"lr": "mine.yaml:1:5", "momentum": "flag", "epochs": "default", "dropout": ""} {
		if origin := got.Origin(key).String(); origin != want {
			t.Errorf("origin of %s is %q, want %q", key, origin, want)
		}
	}
	if recipe.Optimizer.Momentum != 0.9 || recipe.IsSet("epochs") || flags.IsSet("lr") {
		t.Error("Over changed what it was given")
	}
	if got.IsSet("dropout") {
		t.Error("dropout is set by nobody")
	}
	got.ResolveDropout(0.25)
	if got.Dropout != 0.25 || !got.IsSet("dropout") {
		t.Error("dropout is not the architecture's")
	}
	got.ResolveDropout(0.5)
	if got.Dropout != 0.25 {
		t.Error("dropout was set and is set again")
	}
}

// What cli.md says of settings that nobody gives.
func TestDefaults(t *testing.T) {
	want := `arch: vgg11
data: auto
channels: auto
resize: 56
epochs: 10
batch-size: 128
optimizer: sgd
lr: 0.01
momentum: 0
nesterov: false
weight-decay: 0
schedule: constant
warmup-epochs: 0
clip-norm: 0
label-smoothing: 0
augment: auto
normalize: none
init: xavier
seed: 0
shuffle: true
strict: false
val: auto
limit-train: all
limit-val: all
max-steps: "off"
max-time: "off"
early-stop: "off"
checkpoint-every: epoch
tensorboard: false
`
	if diff := cmp.Diff(want, string(Defaults().YAML())); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if err := Defaults().Validate(); err != nil {
		t.Error(err)
	}
}

// Values at the edges of their ranges, and beyond.
func TestSet(t *testing.T) {
	tests := []struct {
		key       string
		good, bad []string
	}{
		{"classes", []string{"names.txt"}, []string{"", "a\nb"}},
		{"channels", []string{"auto", "1", "3"}, []string{"", "0", "2", "4", "rgb"}},
		{"resize-mode", []string{"crop", "pad", "stretch"}, []string{"", "none", "fit"}},
		{"strict", []string{"true", "false"}, []string{"", "1"}},
		{"resize", []string{"1", "4096"}, []string{"0", "4097", "-1", "56.0", "", "1e2", " 5", "99999999999999999999"}},
		{"epochs", []string{"1", "10000"}, []string{"0", "10001"}},
		{"batch-size", []string{"1", "65536"}, []string{"0", "65537"}},
		{"optimizer", []string{"sgd"}, []string{"adamw", "SGD", ""}},
		{"lr", []string{"1e-9", "1000", "0.5"}, []string{"0", "-1", "1000.1", "NaN", "Inf", "1e999", "x", ""}},
		{"momentum", []string{"0", "0.999"}, []string{"1", "-0.1", "nan"}},
		{"nesterov", []string{"true", "false"}, []string{"yes", "1", "True", ""}},
		{"weight-decay", []string{"0", "1"}, []string{"-1", "1.1", "inf"}},
		{"schedule", []string{"constant", "cosine"}, []string{"step", "onecycle"}},
		{"warmup-epochs", []string{"0", "5"}, []string{"-1", "0.5", "10001"}},
		{"clip-norm", []string{"0", "5"}, []string{"-1", "inf"}},
		{"label-smoothing", []string{"0", "0.9"}, []string{"1", "-1"}},
		{"dropout", []string{"0", "0.9"}, []string{"1", "-1"}},
		{"augment", []string{"auto", "none", "flip", "crop", "crop,flip", "flip, crop", "[flip]"}, []string{"", "none,flip", "auto,crop", "flip,flip", "rotate", "flip,"}},
		{"normalize", []string{"none", "dataset", "[0.2, 0.3]", "[0,1]"}, []string{"", "mean", "[0.2]", "[0.2, 0]", "[0.2, 1e-10]", "[0.2, 1e-50]", "[nan, 1]", "[0.2, 0.3, 0.4]", "[0.2, inf]", "[0.2, -1]"}},
		{"init", []string{"xavier", "kaiming", "x.bin"}, []string{"", "a\nb", "\xff"}},
		{"data", []string{"auto", "sample", "a dir", strings.Repeat(`"`, 2000)}, []string{"", "\x00", strings.Repeat("x", 2001)}},
		{"arch", []string{"vgg11", "x.yaml"}, []string{"", "\x1b[1m"}},
		{"seed", []string{"0", "18446744073709551615"}, []string{"-1", "18446744073709551616", "1.5"}},
		{"shuffle", []string{"true", "false"}, []string{"0"}},
		{"val", []string{"auto", "test", "1", "1000000000", "15%"}, []string{"0", "0%", "100%", "-1", "train", "1000000001"}},
		{"limit-train", []string{"all", "1"}, []string{"0", "none"}},
		{"limit-val", []string{"all", "1"}, []string{"0"}},
		{"max-steps", []string{"off", "1"}, []string{"0", "-5"}},
		{"max-time", []string{"off", "90m", "1h30m", "1.5h", "1ms", "8760h"}, []string{"0", "0s", "-5m", "90", "5 m", "1d", "8760h1ns", "1e3h", "99999999999999999999h", "inf", ""}},
		{"early-stop", []string{"off", "1"}, []string{"0", "-1", "epoch"}},
		{"checkpoint-every", []string{"epoch", "1"}, []string{"0", "off", "1.5"}},
		{"tensorboard", []string{"true", "false"}, []string{"", "on", "1"}},
	}
	tested := map[string]bool{}
	for _, test := range tests {
		tested[test.key] = true
		for _, text := range test.good {
			r := &Recipe{}
			if err := r.Set(test.key, text, FromFlag); err != nil {
				t.Errorf("%s %q: %v", test.key, text, err)
			}
			if err := r.Validate(); err != nil && test.key != "nesterov" {
				t.Errorf("%s %q: %v", test.key, text, err)
			}
		}
		for _, text := range test.bad {
			r := &Recipe{}
			err := r.Set(test.key, text, FromFlag)
			var setting *SettingError
			if !errors.As(err, &setting) || !strings.HasPrefix(err.Error(), "--"+test.key+": must ") || strings.Contains(err.Error(), "\n") {
				t.Errorf("%s %q: %v", test.key, text, err)
			}
			if r.IsSet(test.key) {
				t.Errorf("%s %q is set in spite of the error", test.key, text)
			}
		}
	}
	for _, k := range Keys() {
		if !tested[k.Name] {
			t.Errorf("no test of %s", k.Name)
		}
	}
}

// A time is printed short, and reads back as it was.
func TestMaxTimeText(t *testing.T) {
	for text, want := range map[string]string{
		"off": "off", "90m": "1h30m", "60m": "1h", "3600s": "1h", "10m": "10m", "600s": "10m", "100h": "100h", "1h0m10s": "1h0m10s",
		"20m30s": "20m30s", "0.5s": "500ms", "1us": "1µs", "8760h": "8760h", "1h100ms": "1h0m0.1s", "+5m": "5m",
	} {
		r := &Recipe{}
		if err := r.Set("max-time", text, FromFlag); err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got := r.Text("max-time"); got != want {
			t.Errorf("%s is printed %s, want %s", text, got, want)
		}
		again, err := ParseRecipe("x", r.YAML())
		if err != nil || again.MaxTime != r.MaxTime || !again.IsSet("max-time") {
			t.Errorf("%s became %s and then %+v, %v", text, r.YAML(), again, err)
		}
	}
}

func TestSetMessages(t *testing.T) {
	tests := []struct{ key, text, want string }{
		{"lr", "0", "--lr: must be a number above 0, at most 1000, not 0"},
		{"resize", "5000", "--resize: must be a whole number from 1 to 4096, not 5000"},
		{"schedule", "cosin", "--schedule: must be constant or cosine, not cosin: did you mean cosine?"},
		{"max-time", "90", "--max-time: must be off or a time above 0, at most 8760h, such as 90m or 1h30m, not 90"},
		{"val", "", `--val: must be auto, test, a whole number from 1 to 1000000000 or a share from 1% to 99%, not ""`},
		{"augment", "flip,cropp", "--augment: must be auto or none or flip or crop, not cropp: did you mean crop?"},
		{"augment", "none,flip", "--augment: must be none alone, or a list without it, not none,flip"},
		{"augment", "crop,", "--augment: must have a name beside each comma, not crop,"},
		{"augment", "", "--augment: must be auto or none or flip or crop, not \"\""},
		{"learning-rate", "1", `unknown setting "learning-rate": there are arch, data, classes, channels, resize, resize-mode, epochs, batch-size, optimizer, lr, momentum, nesterov, weight-decay, schedule, warmup-epochs, clip-norm, label-smoothing, dropout, augment, normalize, init, seed, shuffle, strict, val, limit-train, limit-val, max-steps, max-time, early-stop, checkpoint-every, tensorboard`},
		{"batchsize", "1", `unknown setting "batchsize": did you mean batch-size?`},
	}
	for _, test := range tests {
		if err := new(Recipe).Set(test.key, test.text, FromFlag); err == nil || err.Error() != test.want {
			t.Errorf("%s %q:\n got %v\nwant %s", test.key, test.text, err, test.want)
		}
	}
}

func TestValidate(t *testing.T) {
	tests := []struct {
		name   string
		change func(r *Recipe)
		want   string // "" is valid
	}{
		{"written directly", func(r *Recipe) { r.LR = -1 }, "lr: must be a number above 0, at most 1000, not -1"},
		{"measured normalisation", func(r *Recipe) { r.Normalize = NormalizeBy([]float64{0.286}, []float64{0.353}) }, ""},
		{"no deviation", func(r *Recipe) { r.Normalize = NormalizeBy([]float64{0.286}, []float64{0}) }, "normalize: must be none, dataset, imagenet, [mean, deviation]"},
		{"nesterov alone", func(r *Recipe) { r.Optimizer.Nesterov = true }, "momentum is 0 (default): change one of them"},
		{"nesterov by flag", func(r *Recipe) { _ = r.Set("nesterov", "true", FromFlag) }, "--nesterov: true needs a momentum above 0"},
		{"long warm-up", func(r *Recipe) { r.WarmupEpochs = 11 }, "warmup-epochs: 11 is more than all epochs, and epochs is 10 (default): change one of them"},
		{"warm-up of all epochs", func(r *Recipe) { r.WarmupEpochs = 10 }, ""},
		{"architecture spelled out", func(r *Recipe) { _ = r.SetNetwork("x", tiny, FromDefault) }, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := Defaults()
			test.change(r)
			err := r.Validate()
			if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

// What is left to the data is set by them, and only that.
func TestResolveInput(t *testing.T) {
	for _, test := range []struct {
		given    []string
		channels int
		garments bool
		want     string
	}{
		{nil, 1, true, "1 pad flip"},
		{nil, 3, false, "3 crop crop"},
		{[]string{"augment=none", "resize-mode=stretch", "channels=3"}, 3, true, "3 stretch none"},
		{[]string{"augment=flip,crop", "resize-mode=crop"}, 1, true, "1 crop flip,crop"},
	} {
		r := flags(t, test.given...).Over(Defaults())
		r.ResolveInput(test.channels, test.garments)
		if got := strings.Join([]string{r.Text("channels"), r.Text("resize-mode"), r.Text("augment")}, " "); got != test.want {
			t.Errorf("%v: %s, want %s", test.given, got, test.want)
		}
		again, err := ParseRecipe("config.yaml", r.YAML())
		if err != nil || !again.IsSet("resize-mode") || again.ResizeMode != r.ResizeMode {
			t.Errorf("%v: %v\n%s", test.given, err, r.YAML())
		}
	}
}

// A flag that leaves a setting to the data goes with whatever the run had.
func TestResumeByTheData(t *testing.T) {
	r, err := flags(t, "channels=auto", "augment=auto").Resume(theRun(t))
	if err != nil {
		t.Fatal(err)
	}
	r.ResolveInput(3, false)
	if _, err := r.Resume(theRun(t)); err == nil || !strings.HasPrefix(err.Error(), "--augment: the run has flip,crop, not crop,") {
		t.Errorf("%v", err)
	}
}
