package model

import (
	"fmt"
	"slices"

	"vggtrain/internal/memory"
)

// Param is a parameter of a network. Name and Shape are PyTorch's; Data holds the numbers as the
// kernels read them, in column panels of a matrix of (kernel·kernel·in, out) for a convolution,
// (in, out) for a linear layer, or as a vector. Export and Import have PyTorch's order.
type Param struct {
	ParamSpec
	Data []float32 // nil in the result of specs

	version uint64
}

// Changed must be called after a write to Data. Import, Load, Init and Optimizer call it themselves.
// An Evaluator caches values derived from weights, such as transformed filters, until then.
func (p *Param) Changed() { p.version++ }

// version changes whenever a parameter does.
func (ps Params) version() uint64 {
	var sum uint64
	for _, p := range ps {
		sum += p.version
	}
	return sum
}

// Params are the parameters of a network in PyTorch's order.
type Params []*Param

// NewParams allocates the parameters of layers, all zero. It is an error if layers do not come from
// one Resolve, or have too many parameters.
func NewParams(layers []Layer) (Params, error) {
	ps := specs(layers)
	if count := ps.Count(); count > maxElements {
		return nil, fmt.Errorf("%d parameters, more than %d; use fewer channels or hidden features", count, maxElements)
	}
	for _, p := range ps {
		var err error
		if p.Data, err = memory.Floats(p.Len()); err != nil {
			return nil, fmt.Errorf("%s: %w", p.Name, err)
		}
	}
	return ps, nil
}

// specs returns the parameters of layers without their numbers: enough to plan a graph.
func specs(layers []Layer) Params {
	var ps Params
	for _, layer := range layers {
		for _, spec := range layer.Specs {
			ps = append(ps, &Param{ParamSpec: spec})
		}
	}
	return ps
}

// Learned returns the parameters with a gradient, in the same order.
func (ps Params) Learned() Params {
	return slices.DeleteFunc(slices.Clone(ps), func(p *Param) bool { return p.Running })
}

// Count is the number of elements of all parameters.
func (ps Params) Count() int64 {
	var total int64
	for _, p := range ps {
		total += int64(p.Len())
	}
	return total
}

// Export writes the numbers to dst in PyTorch's order, row-major in Shape, and reports whether all
// are finite. dst has Len elements.
func (p *Param) Export(workers *Workers, dst []float32) (finite bool, err error) {
	return p.layout().toTorch(workers.threads(), dst[:p.Len()], p.Data)
}

// Import reads the numbers from src in PyTorch's order, row-major in Shape. src has Len elements.
func (p *Param) Import(src []float32) {
	p.layout().fromTorch(p.Data, src[:p.Len()])
	p.Changed()
}

// stored is the parameter's shape in the graph.
func (s *ParamSpec) stored() []int {
	if len(s.Shape) == 1 {
		return s.Shape
	}
	return []int{s.Len() / s.Shape[0], s.Shape[0]}
}

// layout describes how the parameter is stored. A vector is a matrix of one row, whose panels
// stand in PyTorch's order.
func (s *ParamSpec) layout() layout {
	if len(s.Shape) == 1 {
		return layout{outputs: s.Shape[0], channels: 1, positions: 1}
	}
	return layout{s.Shape[0], s.Len() / s.Shape[0] / s.positions, s.positions}
}
