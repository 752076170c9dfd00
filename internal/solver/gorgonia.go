package solver

import (
	"fmt"

	"gorgonia.org/gorgonia"
)

// Gorgonia adapts an optimiser to gorgonia.Solver. Gradients may be streamed (op.LazyGradient);
// Gorgonia's own solvers panic on these.
type Gorgonia struct {
	Optimizer *Optimizer
	Number    uint64  // of the next Step, from 1
	LR        float64 // of the next Step

	params []Param
}

var _ gorgonia.Solver = (*Gorgonia)(nil)

// Step updates the model's weights with Optimizer.Step. Values must be float32.
func (g *Gorgonia) Step(model []gorgonia.ValueGrad) error {
	g.params = g.params[:0]
	for i, v := range model {
		weights, err := float32s(v.Value())
		if err != nil {
			return fmt.Errorf("parameter %d: weights: %w", i, err)
		}
		p := Param{Weights: weights}
		value, err := v.Grad()
		if err != nil {
			return fmt.Errorf("parameter %d: gradient: %w", i, err)
		}
		if p.Stream, _ = value.(Stream); p.Stream == nil {
			if p.Gradient, err = float32s(value); err != nil {
				return fmt.Errorf("parameter %d: gradient: %w", i, err)
			}
		}
		g.params = append(g.params, p)
	}
	return g.Optimizer.Step(g.params, g.Number, g.LR)
}

// float32s returns the elements of a value without the allocation of Value.Data.
func float32s(v gorgonia.Value) ([]float32, error) {
	d, ok := v.(interface{ Float32s() []float32 })
	if !ok || v.Dtype() != gorgonia.Float32 {
		return nil, fmt.Errorf("%T is no tensor of float32", v)
	}
	return d.Float32s(), nil
}
