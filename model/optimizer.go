package model

import (
	"slices"

	"vggtrain/internal/solver"
)

// ErrGradientNotFinite is returned by Optimizer.Step if it clips the gradient and the global norm is
// NaN or infinite. No weight is changed then.
var ErrGradientNotFinite = solver.ErrNotFinite

// OptimizerKinds lists the values of OptimizerOptions.Kind.
func OptimizerKinds() []string { return solver.Kinds() }

// OptimizerOptions are the settings of an optimiser. Names and meaning are PyTorch's.
type OptimizerOptions struct {
	Kind        string  // of OptimizerKinds; "": sgd
	Momentum    float64 // in [0, 1); 0: none
	Nesterov    bool    // needs momentum
	WeightDecay float64 // added to the gradient, as L2 regularisation
	ClipNorm    float64 // largest global norm of the gradient; 0: not clipped
}

// Slots names the slots of an optimiser with these settings, see Optimizer.State.
func (o OptimizerOptions) Slots() []string { return solver.Settings(o).Slots() }

// Details describes the settings in words. It leaves out those that are off.
func (o OptimizerOptions) Details() []string { return solver.Settings(o).Details() }

// Optimizer updates a network's parameters with a Trainer's gradients. It is for the trainer's
// goroutine.
type Optimizer struct {
	trainer *Trainer
	solver  *solver.Gorgonia
	state   []Slot
	changes Params // parameters and state
}

// Slot is a part of an optimiser's state: one number for each weight, such as its momentum.
type Slot struct {
	Name   string // momentum
	Values Params // with the names and shapes of the parameters
}

// NewOptimizer returns an optimiser of the trainer's parameters. Its state is zero.
func NewOptimizer(t *Trainer, o OptimizerOptions) (*Optimizer, error) {
	var params []solver.Param
	for _, p := range t.params {
		params = append(params, solver.Param{Name: p.Name, Weights: p.Data})
	}
	s, err := solver.New(t.graph.workers, solver.Settings(o), params)
	if err != nil {
		return nil, err
	}
	optimizer := &Optimizer{trainer: t, solver: &solver.Gorgonia{Optimizer: s}, changes: slices.Clone(t.params)}
	for _, slot := range s.State() {
		values := make(Params, len(t.params))
		for i, p := range t.params {
			values[i] = &Param{ParamSpec: p.ParamSpec, Data: slot.Values[i]}
		}
		optimizer.state = append(optimizer.state, Slot{slot.Name, values})
		optimizer.changes = append(optimizer.changes, values...)
	}
	return optimizer, nil
}

// Step updates every weight in place with the learning rate lr. It uses the gradients and the number
// of the trainer's last step.
func (o *Optimizer) Step(lr float64) error {
	o.solver.Number, o.solver.LR = o.trainer.step, lr
	err := o.solver.Step(o.trainer.nodes)
	for _, p := range o.changes {
		p.Changed()
	}
	return err
}

// GradNorm is the global norm of the last step's gradients before clipping; 0 without clipping.
func (o *Optimizer) GradNorm() float64 { return o.solver.Optimizer.GradNorm() }

// State returns the optimiser's state. A training resumes bit for bit from it and the parameters. The
// values are not copies: read and write them between steps only.
func (o *Optimizer) State() []Slot { return o.state }
