package train

import (
	"math"
	"strings"
	"testing"

	"vggtrain/dataset"
	"vggtrain/internal/trained"
)

// The test set apart is scored once, with the weights of best.bin, and the network keeps its newest.
func TestTestSetApart(t *testing.T) {
	workers := newWorkers(t, 1)
	for _, pairs := range [][]string{
		{"val=20", "epochs=6", "limit-train=64", "batch-size=16", "lr=0.5", "init=kaiming"}, // the best epoch is not the last
		{"val=20", "epochs=1", "limit-train=64", "batch-size=50"},
	} {
		job := prepare(t, workers, pairs...)
		job.Test = dataset.Head(job.Test, 300)
		result, err := Run(t.Context(), job)
		if err != nil || result.Status != Done {
			t.Fatal(result.Status, err)
		}
		newest, err := trained.Load(job.Checkpoint)
		if err != nil {
			t.Fatal(err)
		}
		best, err := trained.Load(job.Best)
		if err != nil {
			t.Fatal(err)
		}
		e, err := best.Evaluate(t.Context(), workers, job.Test, 30, func(int) {})
		if err != nil {
			t.Fatal(err)
		}
		if e.Accuracy() != result.TestAccuracy || math.Abs(e.Loss-result.TestLoss) > 1e-6 {
			t.Errorf("%v: test accuracy %v, loss %v; best.bin has %v, %v", pairs, result.TestAccuracy, result.TestLoss, e.Accuracy(), e.Loss)
		}
		for i, p := range newest.Params {
			for k, x := range p.Data {
				if job.Params[i].Data[k] != x {
					t.Fatalf("%v: %s of the network is no longer the newest", pairs, p.Name)
				}
			}
		}
		if epochs := result.Epochs; epochs > 1 && result.BestEpoch == epochs {
			t.Errorf("%v: the best epoch is the last: the test does not see a swap", pairs)
		}
	}
}

// Without a test set apart, and for best weights that are gone, there is no score.
func TestNoTestSetApart(t *testing.T) {
	workers := newWorkers(t, 1)
	result, err := Run(t.Context(), prepare(t, workers, "epochs=1", "limit-train=64", "limit-val=50"))
	if err != nil || !math.IsNaN(result.TestAccuracy) || result.Facts.TestImages != 0 || result.Scored != "test" {
		t.Errorf("%+v, %v", result, err)
	}
	job := prepare(t, workers, "val=20", "epochs=1", "limit-train=64", "max-steps=1")
	if result.Facts = job.Facts; result.TestImages != 1000 || result.Scored != "val" || result.ScoredHow != "20 held out of train" {
		t.Errorf("%+v", job.Facts)
	}
}

func TestNoticesOfTheData(t *testing.T) {
	set := func(counts ...int) *dataset.Set {
		s := &dataset.Set{Rows: 8, Cols: 8, Channels: 1}
		for class, n := range counts {
			for i := range n {
				s.Labels = append(s.Labels, int32(class))
				for k := range 64 {
					s.Images = append(s.Images, byte(class+i+k))
				}
			}
		}
		return s
	}
	workers := newWorkers(t, 1)
	for name, c := range map[string]struct {
		train    *dataset.Set
		settings []string
		want     []string // a word of each notice
	}{
		"nothing":     {set(40, 40), nil, nil},
		"few":         {set(40, 4), nil, []string{`1 of 2 classes have under 10 training images, too few to be learned well: "b" (4)`}},
		"lone":        {set(40, 1), nil, []string{"test set is scored", `"b" (1)`}},
		"far apart":   {set(2000, 20), nil, []string{`"a" has 100 times the training images of "b"`}},
		"flip":        {set(40, 40), []string{"augment=flip"}, []string{"--augment flip"}},
		"crop":        {set(40, 40), []string{"augment=crop"}, nil},
		"limit-train": {set(40, 40), []string{"limit-train=20"}, []string{"--limit-train 20 leaves 1 of 2 classes without an image to train on"}},
		"limit-val":   {set(40, 40), []string{"limit-val=4"}, []string{"--limit-val 4 leaves 1 of 2 classes without an image to score"}},
	} {
		data := &dataset.Data{Train: c.train, Test: set(20, 20), Classes: []string{"a", "b"}, Kind: dataset.Other, Origin: "x", Spec: "x"}
		job, err := Prepare(t.Context(), settings(t, c.settings...), small, data, workers)
		if err != nil {
			t.Fatal(name, err)
		}
		if len(job.Notices) != len(c.want) {
			t.Errorf("%s: %q", name, job.Notices)
			continue
		}
		for i, want := range c.want {
			if !strings.Contains(job.Notices[i], want) {
				t.Errorf("%s: %q, want %q in it", name, job.Notices[i], want)
			}
		}
	}
}
