package solver

import (
	"errors"
	"fmt"
	"math"

	"vggtrain/internal/kernel"
)

// sgd is stochastic gradient descent as torch.optim.SGD computes it, without dampening. For each
// weight w with gradient g and momentum v (zeros at first; kept only if momentum is above 0):
//
//	g ← clip·g
//	g ← g + decay·w
//	v ← momentum·v + g
//	g ← g + momentum·v   (Nesterov)   or   g ← v   (momentum alone)
//	w ← w − lr·g
//
// where clip is that of torch.nn.utils.clip_grad_norm_. Zeros in v at the first step give PyTorch's
// v = g. The gradients themselves are not changed.
var sgd = kind{
	name: "sgd",
	check: func(s Settings) error {
		switch {
		case !(s.Momentum >= 0 && s.Momentum < 1):
			return fmt.Errorf("momentum %v: must be at least 0 and below 1", s.Momentum)
		case !(s.WeightDecay >= 0) || math.IsInf(s.WeightDecay, 0):
			return fmt.Errorf("weight decay %v: must be 0 or more", s.WeightDecay)
		case s.Nesterov && s.Momentum == 0:
			return errors.New("nesterov needs a momentum above 0")
		}
		return nil
	},
	slots: func(s Settings) []string {
		if s.Momentum == 0 {
			return nil
		}
		return []string{"momentum"}
	},
	details: func(s Settings) (list []string) {
		switch {
		case s.Nesterov:
			list = append(list, fmt.Sprintf("Nesterov momentum %v", s.Momentum))
		case s.Momentum > 0:
			list = append(list, fmt.Sprintf("momentum %v", s.Momentum))
		}
		if s.WeightDecay > 0 {
			list = append(list, fmt.Sprintf("weight decay %v", s.WeightDecay))
		}
		return list
	},
	rule: func(s Settings) rule {
		return func(u update) {
			var v []float32
			if s.Momentum > 0 {
				v = u.slot(0)
			}
			step := kernel.SGD{
				LR: u.lr, Scale: u.clip,
				Momentum: float32(s.Momentum), Decay: float32(s.WeightDecay), Nesterov: s.Nesterov,
			}
			step.Update(u.workers, u.weights, u.grad, v)
		}
	},
}
