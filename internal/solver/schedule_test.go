package solver

import (
	"math"
	"testing"
)

func TestSchedules(t *testing.T) {
	half := func(t float64) float64 { return 0.5 * (1 + math.Cos(math.Pi*t)) }
	for _, c := range []struct {
		name     string
		schedule Schedule
		step     int
		want     float64
	}{
		{"constant", Constant{LR: 0.1}, 1, 0.1},
		{"constant, late", Constant{LR: 0.1}, 1 << 40, 0.1},
		{"constant, first of the warm-up", Constant{LR: 0.1, Warmup: 4}, 1, 0.025},
		{"constant, end of the warm-up", Constant{LR: 0.1, Warmup: 4}, 4, 0.1},
		{"cosine, first", Cosine{LR: 0.2, Total: 10}, 1, 0.2},
		{"cosine, middle", Cosine{LR: 0.2, Total: 10}, 6, 0.1},
		{"cosine, last", Cosine{LR: 0.2, Total: 10}, 10, 0.2 * half(0.9)},
		{"cosine, past the end", Cosine{LR: 0.2, Total: 10}, 11, 0},
		{"cosine, first of the warm-up", Cosine{LR: 0.2, Warmup: 5, Total: 15}, 1, 0.04},
		{"cosine, end of the warm-up", Cosine{LR: 0.2, Warmup: 5, Total: 15}, 5, 0.2},
		{"cosine, after the warm-up", Cosine{LR: 0.2, Warmup: 5, Total: 15}, 6, 0.2},
		{"cosine, last after a warm-up", Cosine{LR: 0.2, Warmup: 5, Total: 15}, 15, 0.2 * half(0.9)},
		{"nothing but warm-up", Cosine{LR: 0.2, Warmup: 5, Total: 5}, 5, 0.2},
	} {
		if got := c.schedule.At(c.step); !(math.Abs(got-c.want) <= 1e-16) {
			t.Errorf("%s: step %d has %v, want %v", c.name, c.step, got, c.want)
		}
	}
}

// The numbers are those of torch.optim.lr_scheduler.CosineAnnealingLR (torch 2.15.0),
// T_max = 7, base 0.3, stepped once a batch.
func TestCosineEqualsPyTorch(t *testing.T) {
	want := []float64{0.3, 0.28514533018536287, 0.24352347027881002, 0.18337814009344716, 0.11662185990655285, 0.05647652972118998, 0.014854669814637145}
	for i, w := range want {
		if got := (Cosine{LR: 0.3, Total: len(want)}).At(i + 1); !(math.Abs(got-w) <= 1e-15) {
			t.Errorf("step %d: %v, PyTorch has %v", i+1, got, w)
		}
	}
}

func TestCosineStaysAboveZero(t *testing.T) {
	c := Cosine{LR: 0.1, Warmup: 469, Total: 4690}
	for step := 1; step <= c.Total; step++ {
		if lr := c.At(step); !(lr > 0 && lr <= c.LR) {
			t.Fatalf("step %d: learning rate %v", step, lr)
		}
	}
	if lr := c.At(c.Total); lr > 1e-6*c.LR {
		t.Errorf("the last step has %v, want nearly 0", lr)
	}
}
