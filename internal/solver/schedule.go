package solver

import "math"

// Schedule gives the learning rate of each step. Steps count from 1 over the whole run.
type Schedule interface {
	At(step int) float64
}

// Constant keeps the learning rate at LR, after a linear warm-up.
type Constant struct {
	LR     float64
	Warmup int // steps
}

// At returns LR·min(1, step/Warmup).
func (c Constant) At(step int) float64 { return warm(c.LR, step, c.Warmup) }

// Cosine lets the learning rate fall from LR along half a cosine (Loshchilov &
// Hutter 2017, equation 5, without restarts), after a linear warm-up.
type Cosine struct {
	LR     float64
	Warmup int // steps
	Total  int // steps of the run, warm-up included
}

// At returns, with W = Warmup and T = Total,
//
//	LR·step/W                                  for step ≤ W
//	LR·½(1 + cos(π·(step−1−W)/(T−W)))          after it
//
// so the warm-up ends at LR, the first step after it has LR too, and the last step
// still moves, by LR·½(1 + cos(π·(1 − 1/(T−W)))), nearly 0. It is
// torch.optim.lr_scheduler.CosineAnnealingLR with T_max = T−W, stepped every batch.
// Past T it stays 0.
func (c Cosine) At(step int) float64 {
	if step <= c.Warmup {
		return warm(c.LR, step, c.Warmup)
	}
	if step > c.Total {
		return 0
	}
	t := float64(step-1-c.Warmup) / float64(c.Total-c.Warmup)
	return c.LR * 0.5 * (1 + math.Cos(math.Pi*t))
}

func warm(lr float64, step, warmup int) float64 {
	if step >= warmup {
		return lr
	}
	return lr * float64(step) / float64(warmup)
}
