package solver

import (
	"errors"
	"fmt"
	"math"

	"gorgonia.org/gorgonia"

	"vggtrain/internal/kernel"
	"vggtrain/internal/memory"
)

// ErrNotFinite is returned by Step when the gradient's global norm is NaN or
// infinite. No weight has been changed then.
var ErrNotFinite = errors.New("the gradient is not finite")

// SGDConfig holds the settings of torch.optim.SGD (dampening is 0) and of
// torch.nn.utils.clip_grad_norm_.
type SGDConfig struct {
	Momentum    float64 // 0: none, and no buffer is kept
	WeightDecay float64 // added to the gradient, as L2 regularisation
	Nesterov    bool    // needs momentum
	ClipNorm    float64 // largest global norm of the gradient; 0: not clipped
}

func (c SGDConfig) validate() error {
	switch {
	case !(c.Momentum >= 0 && c.Momentum < 1):
		return fmt.Errorf("momentum %v: must be at least 0 and below 1", c.Momentum)
	case !(c.WeightDecay >= 0) || math.IsInf(c.WeightDecay, 0):
		return fmt.Errorf("weight decay %v: must be 0 or more", c.WeightDecay)
	case c.Nesterov && c.Momentum == 0:
		return errors.New("nesterov needs a momentum above 0")
	case !(c.ClipNorm >= 0) || math.IsInf(c.ClipNorm, 0):
		return fmt.Errorf("clip norm %v: must be 0 (off) or more", c.ClipNorm)
	}
	return nil
}

// SGD is stochastic gradient descent as torch.optim.SGD computes it. For each
// weight w with gradient g and momentum buffer v (zeros at first):
//
//	g ← clip·g
//	g ← g + decay·w
//	v ← momentum·v + g
//	g ← g + momentum·v   (Nesterov)   or   g ← v   (momentum alone)
//	w ← w − lr·g
//
// where clip = min(1, ClipNorm / (‖all gradients‖₂ + 1e-6)). Zeros in v at the first
// step give PyTorch's v = g. The gradients themselves are not changed.
//
// It is bound to its pool and, from Bind or the first Step on, to one model.
// It is not safe for concurrent use.
type SGD struct {
	workers *kernel.Workers
	config  SGDConfig
	lr      float32

	weights, grads, momenta [][]float32
	streams                 []Stream                         // in the place of grads; nil for stored gradients
	use                     []func(from int, grad []float32) // a stream's; bound once
	pieces                  []piece                          // of the stored gradients
	squares                 []float64                        // a piece's Σg², in the order of pieces
	clip                    float32                          // factor of this step
	norm                    float64

	update, square func(worker, i int) // bound once: a step allocates nothing
}

// Stream is a gradient that is computed while the weights are updated instead of being stored: a
// value that Step takes block by block.
type Stream interface {
	gorgonia.Value

	// Stream calls use for each block of the gradient, on several goroutines at once: grad is
	// elements [from, from+len(grad)). It brings the same elements of the slices beside, each
	// nil or as long as the gradient, into the cache before.
	Stream(beside [2][]float32, use func(from int, grad []float32)) error

	// SumSquares is the sum of the squares of all elements.
	SumSquares() (float64, error)
}

// piece is the elements [from, to) of one tensor.
type piece struct{ tensor, from, to int }

// pieceSize is the number of elements of a piece: 256 KiB, so that a piece's
// weights, gradients and momenta stay in a core's second-level cache together,
// and an uninterruptible kernel call is short.
const pieceSize = 1 << 16

// NewSGD returns a solver with learning rate 0; see SetLR.
func NewSGD(workers *kernel.Workers, config SGDConfig) (*SGD, error) {
	if err := config.validate(); err != nil {
		return nil, err
	}
	s := &SGD{workers: workers, config: config}
	s.update, s.square = s.updatePiece, s.squarePiece
	return s, nil
}

// SetLR sets the learning rate of the steps that follow.
func (s *SGD) SetLR(lr float64) { s.lr = float32(lr) }

// Bind allocates what the solver keeps for the model: the momentum buffers. Step does it when it
// has not been done.
func (s *SGD) Bind(model []gorgonia.ValueGrad) error {
	n := len(model)
	s.weights, s.grads, s.momenta = make([][]float32, n), make([][]float32, n), nil
	s.streams, s.use = make([]Stream, n), make([]func(int, []float32), n)
	s.pieces = nil
	for i, p := range model {
		w, err := float32s(p.Value())
		if err != nil {
			return fmt.Errorf("parameter %d: weights: %w", i, err)
		}
		s.weights[i] = w
		if s.config.Momentum > 0 {
			s.momenta = append(s.momenta, memory.Floats(len(w)))
		}
		s.use[i] = func(from int, grad []float32) { s.apply(i, from, grad) }
	}
	return nil
}

// State returns the momentum buffers, one a parameter in the model's order and in
// the layout in which the weights are stored: what a checkpoint has to keep. They are
// the solver's own, to be read and written between steps. It is nil without momentum
// and before Bind.
func (s *SGD) State() [][]float32 { return s.momenta }

// GradNorm returns the global norm of the last step's gradients before clipping; 0
// when they are not clipped.
func (s *SGD) GradNorm() float64 { return s.norm }

// Step updates every weight of the model in place. It is an error, and nothing is
// changed, when the model is another than the one the solver is bound to, or when
// gradients are clipped whose norm is not finite (ErrNotFinite).
func (s *SGD) Step(model []gorgonia.ValueGrad) error {
	if s.weights == nil {
		if err := s.Bind(model); err != nil {
			return err
		}
	}
	if err := s.look(model); err != nil {
		return err
	}
	s.clip = 1
	if s.config.ClipNorm > 0 {
		if err := s.measure(); err != nil {
			return err
		}
	}
	for i, g := range s.streams {
		if g == nil {
			continue
		}
		beside := [2][]float32{s.weights[i]}
		if s.momenta != nil {
			beside[1] = s.momenta[i]
		}
		if err := g.Stream(beside, s.use[i]); err != nil {
			return fmt.Errorf("parameter %d: gradient: %w", i, err)
		}
	}
	return s.workers.Run(len(s.pieces), s.update)
}

// look takes this step's weights and gradients, and cuts the stored ones into pieces.
func (s *SGD) look(model []gorgonia.ValueGrad) error {
	if len(model) != len(s.weights) {
		return fmt.Errorf("solver bound to %d parameters, stepped with %d", len(s.weights), len(model))
	}
	s.pieces = s.pieces[:0]
	for i, p := range model {
		w, err := float32s(p.Value())
		if err != nil {
			return fmt.Errorf("parameter %d: weights: %w", i, err)
		}
		if len(w) != len(s.weights[i]) {
			return fmt.Errorf("parameter %d: solver bound to %d elements, stepped with %d", i, len(s.weights[i]), len(w))
		}
		grad, err := p.Grad()
		if err != nil {
			return fmt.Errorf("parameter %d: gradient: %w", i, err)
		}
		s.weights[i] = w
		if err := s.take(i, grad); err != nil {
			return fmt.Errorf("parameter %d: %w", i, err)
		}
	}
	return nil
}

// take keeps the gradient of parameter i for this step.
func (s *SGD) take(i int, grad gorgonia.Value) (err error) {
	n := len(s.weights[i])
	s.streams[i], s.grads[i] = nil, nil
	if g, ok := grad.(Stream); ok {
		if g.Size() != n {
			return fmt.Errorf("%d weights, %d gradients", n, g.Size())
		}
		s.streams[i] = g
		return nil
	}
	if s.grads[i], err = float32s(grad); err != nil {
		return fmt.Errorf("gradient: %w", err)
	}
	if len(s.grads[i]) != n {
		return fmt.Errorf("%d weights, %d gradients", n, len(s.grads[i]))
	}
	for from := 0; from < n; from += pieceSize {
		s.pieces = append(s.pieces, piece{i, from, min(from+pieceSize, n)})
	}
	return nil
}

// measure sets norm and clip from the gradients.
func (s *SGD) measure() error {
	if len(s.squares) < len(s.pieces) {
		s.squares = make([]float64, len(s.pieces))
	}
	if err := s.workers.Run(len(s.pieces), s.square); err != nil {
		return err
	}
	var sum float64
	for _, q := range s.squares[:len(s.pieces)] {
		sum += q
	}
	for i, g := range s.streams {
		if g == nil {
			continue
		}
		q, err := g.SumSquares()
		if err != nil {
			return fmt.Errorf("parameter %d: gradient: %w", i, err)
		}
		sum += q
	}
	s.norm = math.Sqrt(sum)
	if math.IsNaN(s.norm) || math.IsInf(s.norm, 0) {
		return ErrNotFinite
	}
	s.clip = float32(min(1, s.config.ClipNorm/(s.norm+1e-6)))
	return nil
}

func (s *SGD) squarePiece(_, i int) {
	p := s.pieces[i]
	s.squares[i] = kernel.SumSquares(s.workers, s.grads[p.tensor][p.from:p.to])
}

func (s *SGD) updatePiece(_, i int) {
	p := s.pieces[i]
	s.apply(p.tensor, p.from, s.grads[p.tensor][p.from:p.to])
}

// apply updates elements [from, from+len(grad)) of a parameter.
func (s *SGD) apply(tensor, from int, grad []float32) {
	var v []float32
	if s.momenta != nil {
		v = s.momenta[tensor][from:][:len(grad)]
	}
	step := kernel.SGD{
		LR: s.lr, Scale: s.clip,
		Momentum: float32(s.config.Momentum), Decay: float32(s.config.WeightDecay), Nesterov: s.config.Nesterov,
	}
	step.Update(s.workers, s.weights[tensor][from:][:len(grad)], grad, v)
}

// float32s returns the elements of a value, such as *tensor.Dense of float32,
// without the allocation of Value.Data.
func float32s(v gorgonia.Value) ([]float32, error) {
	if v == nil {
		return nil, errors.New("no value")
	}
	if v.Dtype() != gorgonia.Float32 {
		return nil, fmt.Errorf("%v, not float32", v.Dtype())
	}
	d, ok := v.(interface{ Float32s() []float32 })
	if !ok {
		return nil, fmt.Errorf("%T gives no float32 slice", v)
	}
	return d.Float32s(), nil
}
