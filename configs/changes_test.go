package configs

import (
	"errors"
	"strings"
	"testing"

	"vggtrain/model"

	"github.com/google/go-cmp/cmp"
)

// theRun is what a checkpoint holds: everything, the network spelled out, as train writes it.
func theRun(t *testing.T) *Recipe {
	t.Helper()
	r, err := ParseRecipe("run/checkpoint.bin", []byte(everything))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func flags(t *testing.T, settings ...string) *Recipe {
	t.Helper()
	r := &Recipe{}
	for _, s := range settings {
		key, text, _ := strings.Cut(s, "=")
		if err := r.Set(key, text, FromFlag); err != nil {
			t.Fatal(err)
		}
	}
	return r
}

// Every setting is either one that a resumed run may have otherwise, or is refused by name.
func TestResumeRules(t *testing.T) {
	changes := map[string]struct {
		text string
		want string // the error's beginning, "": allowed
	}{
		"arch":             {"vgg11", ""}, // a name: not looked up yet
		"data":             {"sample", ""},
		"classes":          {"other.txt", ""},
		"channels":         {"1", "the run has 3, not 1, and a resumed run cannot change it"},
		"resize-mode":      {"crop", "the run has stretch, not crop, and a resumed run cannot change it"},
		"strict":           {"false", ""},
		"resize":           {"56", "the run has 84, not 56, and a resumed run cannot change it"},
		"epochs":           {"4", ""},
		"batch-size":       {"64", "the run has 32, not 64, and a resumed run cannot change it"},
		"lr":               {"0.1", "the run has 0.00001, not 0.1,"},
		"momentum":         {"0", "the run has 0.9, not 0,"},
		"nesterov":         {"false", "the run has true, not false,"},
		"weight-decay":     {"0", "the run has 0.0005, not 0,"},
		"schedule":         {"constant", "the run has cosine, not constant,"},
		"warmup-epochs":    {"1", "the run has 2, not 1,"},
		"clip-norm":        {"0", "the run has 1.5, not 0,"},
		"label-smoothing":  {"0", "the run has 0.1, not 0,"},
		"dropout":          {"0.5", "the run has 0.3, not 0.5,"},
		"augment":          {"none", "the run has flip,crop, not none,"},
		"normalize":        {"none", `the run has "[0.286, 0.353]", not none,`},
		"init":             {"kaiming", "the run has runs/a/best.bin, not kaiming,"},
		"seed":             {"0", "the run has 18446744073709551615, not 0,"},
		"shuffle":          {"true", "the run has false, not true,"},
		"val":              {"test", "the run has 5000, not test,"},
		"limit-train":      {"all", "the run has 1000, not all,"},
		"limit-val":        {"all", "the run has 200, not all,"},
		"max-steps":        {"off", ""},
		"max-time":         {"2h", ""},
		"early-stop":       {"2", ""},
		"checkpoint-every": {"epoch", ""},
		"tensorboard":      {"false", ""},
	}
	run := theRun(t)
	for _, k := range Keys() {
		change, ok := changes[k.Name]
		if !ok {
			if k.Name != "optimizer" { // has one value
				t.Errorf("no test of %s", k.Name)
			}
			continue
		}
		got, err := flags(t, k.Name+"="+change.text).Resume(run)
		if change.want == "" {
			if err != nil || got.Text(k.Name) != change.text || got.Origin(k.Name) != FromFlag {
				t.Errorf("%s: %+v, %v; want %s by flag", k.Name, got, err, change.text)
			}
			continue
		}
		var setting *SettingError
		if !errors.As(err, &setting) || setting.Key != k.Name || !strings.HasPrefix(err.Error(), "--"+k.Name+": "+change.want) ||
			!strings.HasSuffix(err.Error(), ": leave the flag out, or begin a new run") {
			t.Errorf("%s: %v; want %q", k.Name, err, change.want)
		}
	}
	if diff := cmp.Diff(everything, string(run.YAML())); diff != "" {
		t.Errorf("Resume changed the run's settings (-want +got):\n%s", diff)
	}
}

func TestResumeEpochs(t *testing.T) {
	for text, want := range map[string]string{"3": "", "10000": "",
		"2": "--epochs: the run has 3, not 2, and a resumed run cannot have fewer: leave the flag out, or begin a new run"} {
		_, err := flags(t, "epochs="+text).Resume(theRun(t))
		if want == "" && err != nil || want != "" && (err == nil || err.Error() != want) {
			t.Errorf("--epochs %s: %v, want %q", text, err, want)
		}
	}
}

// What says the same in other words is no change.
func TestResumeRepeats(t *testing.T) {
	run := theRun(t)
	for _, same := range []string{"lr=1e-5", "batch-size=32", "augment=[crop, flip]", "normalize=[0.2860,0.353]", "max-time=90m", "seed=18446744073709551615", "weight-decay=5e-4"} {
		r := flags(t, same)
		if changed := r.Changed(run); changed != nil {
			t.Errorf("%s: %+v", same, changed)
		}
		got, err := r.Resume(run)
		if err != nil || string(got.YAML()) != everything {
			t.Errorf("%s: %v\n%s", same, err, got.YAML())
		}
	}
	if got, err := new(Recipe).Resume(run); err != nil || string(got.YAML()) != everything {
		t.Errorf("no flags: %v\n%s", err, got.YAML())
	}
	// A second resumption, of the whole recipe that the first one made.
	once, err := flags(t, "epochs=5").Resume(run)
	if err != nil {
		t.Fatal(err)
	}
	twice, err := once.Resume(run)
	if err != nil || twice.Epochs != 5 || twice.Origin("lr") != run.Origin("lr") {
		t.Errorf("%v\n%s", err, twice.YAML())
	}
}

// A network and a normalisation by name are compared once they are looked up.
func TestResumeNames(t *testing.T) {
	run := theRun(t)
	r, err := flags(t, "arch=tiny.yaml", "normalize=dataset").Resume(run)
	if err != nil {
		t.Fatal(err)
	}
	from := r.Origin("arch")
	for _, test := range []struct {
		features  int
		deviation float64
		want      string
	}{
		{32, 0.353, ""},
		{32, 0.354, `--normalize: the run has "[0.286, 0.353]", not "[0.286, 0.354]", and a resumed run cannot change it:`},
		{33, 0.353, "--arch: not the run's network, and a resumed run cannot change it: leave the flag out"},
	} {
		found := *r
		network := model.NewVGG(tiny.Name, tiny.Blocks, []int{test.features}, tiny.Dropout)
		if err := found.SetNetwork("tiny.yaml", network, from); err != nil {
			t.Fatal(err)
		}
		found.Normalize = NormalizeBy([]float64{0.286}, []float64{test.deviation})
		_, err := found.Resume(run)
		if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.HasPrefix(err.Error(), test.want)) {
			t.Errorf("%d, %g: %v, want %q", test.features, test.deviation, err, test.want)
		}
	}
	// What is certain before any look-up is refused at once.
	plain := theRun(t).Over(Defaults())
	plain.Normalize = Normalize{Kind: "none"}
	if _, err := flags(t, "normalize=dataset").Resume(plain); err == nil {
		t.Error("normalize: dataset goes on from none")
	}
	if _, err := flags(t, "arch=vgg16").Resume(Defaults()); err == nil {
		t.Error("vgg16 goes on from vgg11")
	}
}

// A checkpoint that is older than a setting.
func TestResumeOld(t *testing.T) {
	run, err := ParseRecipe("old", []byte("lr: 0.5\nepochs: 3\n"))
	if err != nil {
		t.Fatal(err)
	}
	got, err := flags(t, "max-time=1h").Resume(run)
	if err != nil || got.LR != 0.5 || got.MaxTime.Hours() != 1 || got.EarlyStop != 0 || got.Origin("early-stop") != FromDefault {
		t.Errorf("%v\n%s", err, got.YAML())
	}
	if _, err := flags(t, "dropout=0").Resume(run); err == nil || !strings.Contains(err.Error(), "the run has none, not 0,") {
		t.Errorf("dropout: %v", err)
	}
	recipe, err := ParseRecipe("my.yaml", []byte("lr: 0.1\n"))
	if err != nil {
		t.Fatal(err)
	}
	want := "my.yaml:1:5: lr: the run has 0.5, not 0.1, and a resumed run cannot change it: leave the setting out, or begin a new run"
	if _, err := recipe.Resume(run); err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestChanged(t *testing.T) {
	got := flags(t, "epochs=20", "lr=1e-5", "data=my data", "max-time=1h").Changed(theRun(t))
	want := []Change{
		{"data", `my data: [1] \ "quoted" # é`, "my data"},
		{"epochs", "3", "20"},
		{"max-time", "1h30m", "1h"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
