// Package solver holds the optimisers and the schedules of their learning rate.
// The formulas are PyTorch's.
//
// An optimiser works on plain slices, element by element: the order of a parameter's elements makes
// no difference. It cuts each parameter into pieces by size alone, runs them on the workers, and adds
// up partial sums in the pieces' order. So results are the same bits for every number of threads.
package solver

import (
	"errors"
	"fmt"
	"math"

	"vggtrain/internal/kernel"
	"vggtrain/internal/memory"
)

// ErrNotFinite is returned by Step if it clips the gradient and the global norm is NaN or infinite.
// No weight is changed then.
var ErrNotFinite = errors.New("the gradient is not finite")

// Param is a parameter with its gradient, either stored or streamed.
type Param struct {
	Name     string
	Weights  []float32
	Gradient []float32 // as long as Weights
	Stream   Stream    // nil if Gradient is stored
}

// Stream is a gradient computed block by block during the update of the weights.
type Stream interface {
	// Size is the number of elements.
	Size() int

	// Stream calls use for each block of the gradient, on several goroutines at once: grad is
	// elements [from, from+len(grad)). Before that, it prefetches the same elements of the slices
	// beside, each as long as the gradient.
	Stream(beside [][]float32, use func(from int, grad []float32)) error

	// SumSquares is the sum of the squares of all elements.
	SumSquares() (float64, error)
}

// Slot is a part of an optimiser's state: one number for each weight, such as its momentum. It starts
// as zeros.
type Slot struct {
	Name   string
	Values [][]float32 // by parameter, stored as its weights are
}

// Optimizer updates the weights of one model. It is not safe for concurrent use.
type Optimizer struct {
	workers  *kernel.Workers
	rule     rule
	clipNorm float64
	slots    []Slot
	params   []bound

	pieces   []piece   // of the stored gradients
	squares  []float64 // a piece's Σg², in the order of pieces
	step     uint64
	lr, clip float32 // of this step
	norm     float64

	update, square func(worker, i int) // bound once: a step allocates nothing
}

// bound is a parameter as this step has it.
type bound struct {
	Param
	beside [][]float32                    // Weights, then each slot's values
	use    func(from int, grad []float32) // a stream's; bound once
}

// piece is the elements [from, to) of one parameter.
type piece struct{ param, from, to int }

// pieceSize is the number of elements of a piece: 256 KiB, so that a piece's
// weights, gradients and momenta stay in a core's second-level cache together,
// and an uninterruptible kernel call is short.
const pieceSize = 1 << 16

// New returns an optimiser for parameters and allocates its state. It reads only Name and Weights of
// params.
func New(workers *kernel.Workers, s Settings, params []Param) (*Optimizer, error) {
	k, err := s.kind()
	if err != nil {
		return nil, err
	}
	if err := k.check(s); err != nil {
		return nil, err
	}
	if !(s.ClipNorm >= 0) || math.IsInf(s.ClipNorm, 0) {
		return nil, fmt.Errorf("clip norm %v: must be 0 (off) or more", s.ClipNorm)
	}
	o := &Optimizer{workers: workers, rule: k.rule(s), clipNorm: s.ClipNorm, params: make([]bound, len(params))}
	for _, name := range k.slots(s) {
		o.slots = append(o.slots, Slot{Name: name})
	}
	for i, p := range params {
		b := &o.params[i]
		b.Param, b.beside = p, [][]float32{p.Weights}
		for j := range o.slots {
			values, err := memory.Floats(len(p.Weights))
			if err != nil {
				return nil, fmt.Errorf("the optimiser's state: %w", err)
			}
			o.slots[j].Values = append(o.slots[j].Values, values)
			b.beside = append(b.beside, values)
		}
		b.use = func(from int, grad []float32) { o.apply(b, from, grad) }
	}
	o.update, o.square = o.updatePiece, o.squarePiece
	return o, nil
}

// State returns the optimiser's state, for checkpoints. The values are not copies: read and write
// them between steps only.
func (o *Optimizer) State() []Slot { return o.slots }

// GradNorm returns the global norm of the last step's gradients before clipping; 0 without clipping.
func (o *Optimizer) GradNorm() float64 { return o.norm }

// Step updates every weight in place, with the learning rate lr. step counts from 1. It is an error
// if params differ from those given to New. It is ErrNotFinite if it clips and the global norm is NaN
// or infinite. No weight is changed then.
func (o *Optimizer) Step(params []Param, step uint64, lr float64) error {
	if err := o.take(params); err != nil {
		return err
	}
	o.step, o.lr, o.clip = step, float32(lr), 1
	if o.clipNorm > 0 {
		if err := o.measure(); err != nil {
			return err
		}
	}
	for i := range o.params {
		if p := &o.params[i]; p.Stream != nil {
			if err := p.Stream.Stream(p.beside, p.use); err != nil {
				return fmt.Errorf("%s: gradient: %w", p.Name, err)
			}
		}
	}
	return o.workers.Run(len(o.pieces), o.update)
}

// take looks at this step's weights and gradients, and cuts the stored ones into pieces.
func (o *Optimizer) take(params []Param) error {
	if len(params) != len(o.params) {
		return fmt.Errorf("optimiser made for %d parameters, stepped with %d", len(o.params), len(params))
	}
	o.pieces = o.pieces[:0]
	for i, p := range params {
		b := &o.params[i]
		n, size := len(b.Weights), len(p.Gradient)
		if p.Stream != nil {
			size = p.Stream.Size()
		}
		if len(p.Weights) != n || size != n {
			return fmt.Errorf("%s: optimiser made for %d weights, stepped with %d and %d gradients", b.Name, n, len(p.Weights), size)
		}
		b.Weights, b.beside[0], b.Gradient, b.Stream = p.Weights, p.Weights, p.Gradient, p.Stream
		for from := 0; from < n && p.Stream == nil; from += pieceSize {
			o.pieces = append(o.pieces, piece{i, from, min(from+pieceSize, n)})
		}
	}
	return nil
}

// measure sets norm and clip from the gradients: clip = min(1, ClipNorm / (norm + 1e-6)).
func (o *Optimizer) measure() error {
	if len(o.squares) < len(o.pieces) {
		o.squares = make([]float64, len(o.pieces))
	}
	if err := o.workers.Run(len(o.pieces), o.square); err != nil {
		return err
	}
	var sum float64
	for _, q := range o.squares[:len(o.pieces)] {
		sum += q
	}
	for i := range o.params {
		p := &o.params[i]
		if p.Stream == nil {
			continue
		}
		q, err := p.Stream.SumSquares()
		if err != nil {
			return fmt.Errorf("%s: gradient: %w", p.Name, err)
		}
		sum += q
	}
	o.norm = math.Sqrt(sum)
	if math.IsNaN(o.norm) || math.IsInf(o.norm, 0) {
		return ErrNotFinite
	}
	o.clip = float32(min(1, o.clipNorm/(o.norm+1e-6)))
	return nil
}

func (o *Optimizer) squarePiece(_, i int) {
	p := o.pieces[i]
	o.squares[i] = kernel.SumSquares(o.workers, o.params[p.param].Gradient[p.from:p.to])
}

func (o *Optimizer) updatePiece(_, i int) {
	p := o.pieces[i]
	b := &o.params[p.param]
	o.apply(b, p.from, b.Gradient[p.from:p.to])
}

// apply updates elements [from, from+len(grad)) of a parameter.
func (o *Optimizer) apply(b *bound, from int, grad []float32) {
	o.rule(update{o.workers, o.step, o.lr, o.clip, b.Weights[from:][:len(grad)], b.beside[1:], from, grad})
}
