package train

import (
	"math"
	"strings"
	"testing"
)

func TestRunNoticesAPlateau(t *testing.T) {
	f := newFixture(200, 0)
	f.trainer.losses = []float64{math.Ln2 * 1.009}
	if _, _, _, err := f.run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := len(f.observer.notices); n != 1 {
		t.Fatalf("%d notices, want one: %v", n, f.observer.notices)
	}
	for _, want := range []string{"ln(2) = 0.693", "200 steps", "--lr"} {
		if !strings.Contains(f.observer.notices[0], want) {
			t.Errorf("notice %q lacks %q", f.observer.notices[0], want)
		}
	}
}

func TestPlateau(t *testing.T) {
	constant := func(loss float64) func(int) float64 { return func(int) float64 { return loss } }
	for _, c := range []struct {
		name   string
		steps  int
		warmup int
		loss   func(step int) float64
		said   bool // while it runs
		end    bool // when it has ended
	}{
		{"stays", 200, 0, constant(2.30), true, false},
		{"a step short", 199, 0, constant(2.30), false, true},
		{"far too short", 9, 0, constant(2.30), false, false},
		{"in the warm-up", 20, 469, constant(2.30), false, false},
		{"to the end of the warm-up", 200, 200, constant(2.30), false, false},
		{"too short after it", 209, 200, constant(2.30), false, false},
		{"long enough after it", 210, 200, constant(2.30), false, true},
		{"only in the warm-up", 210, 200, func(step int) float64 { return 2.3 - float64(max(step-200, 0))/10 }, false, false},
		{"after the warm-up", 400, 200, constant(2.30), true, false},
		{"above by 1.1 %", 400, 0, constant(2.302585 * 1.011), false, false},
		{"falls", 400, 0, func(step int) float64 { return 2.3 - float64(step)/1000 }, false, false},
	} {
		p := newPlateau(10, c.warmup, &Plateau{})
		said := false
		for step := 1; step <= c.steps; step++ {
			said = p.add(step, c.loss(step)) != "" || said
		}
		end := p.end() != ""
		if said != c.said || end != c.end {
			t.Errorf("%s: said %t under way and %t at the end, want %t and %t", c.name, said, end, c.said, c.end)
		}
	}
}
