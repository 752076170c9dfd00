package model

import (
	"fmt"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"vggtrain/internal/kernel"
	"vggtrain/internal/op"
)

// graph is a network lowered to Gorgonia nodes, one a stage, and the tape that runs them. Gorgonia's
// types end here, in the kinds' lowering and in Trainer.
type graph struct {
	expr   *gorgonia.ExprGraph
	ops    *op.Graph
	shape  tensor.Shape   // of the input, N×H×W×C
	input  *gorgonia.Node // images, or an earlier graph's output
	output *gorgonia.Node // N×classes; N×H×W×C where the layers end before a Flatten
	params Params
	nodes  gorgonia.Nodes // inputs over the data of Params.Learned, in their order

	workers *kernel.Workers
	tape    gorgonia.VM
}

// check returns an error unless layers lead from an image to Linear and n is a valid batch size.
func check(layers []Layer, n int) error {
	if err := inputBounds[0].size(n); err != nil {
		return fmt.Errorf("batch: %w", err)
	}
	if len(layers) == 0 || len(layers[0].In) != 3 || len(layers[len(layers)-1].Out) != 1 {
		return fmt.Errorf("the layers must begin with an image [C H W] and end with Linear")
	}
	return nil
}

// lower builds the forward pass of stages for batches of o.Batch images. Without o.Dropout, layers
// that only training has are left out.
func lower(workers *Workers, stages []stage, ps Params, o TrainerOptions, training bool) (*graph, error) {
	in := stages[0].In
	threads := workers.threads()
	g := &graph{
		expr: gorgonia.NewGraph(), ops: op.NewGraph(threads, o.Batch, training, o.Seed), workers: threads,
		shape: tensor.Shape{o.Batch, in[1], in[2], in[0]}, params: ps,
	}
	g.input = gorgonia.NewTensor(g.expr, tensor.Float32, 4, gorgonia.WithShape(g.shape...), gorgonia.WithName("input"))
	nodes := g.bind()
	x, err := g.input, error(nil)
	for i := range stages {
		s := &stages[i]
		if s.kind().training && !o.Dropout {
			continue
		}
		g.ops.SetLayer(s.Name)
		if x, err = g.add(s, x, nodes); err != nil {
			return nil, fmt.Errorf("%s: %w", s.Name, err)
		}
		gorgonia.WithName(s.Name)(x)
	}
	g.output = x
	return g, nil
}

// bind makes an input node of each parameter. It shares the parameter's Data, unless that is nil, so
// that the graph sees updates in place.
func (g *graph) bind() map[string]*gorgonia.Node {
	nodes := make(map[string]*gorgonia.Node, len(g.params))
	for _, p := range g.params {
		shape := p.stored()
		node := gorgonia.NewTensor(g.expr, tensor.Float32, len(shape), gorgonia.WithShape(shape...), gorgonia.WithName(p.Name))
		if p.Data != nil {
			gorgonia.WithValue(tensor.New(tensor.WithShape(shape...), tensor.WithBacking(p.Data)))(node)
		}
		if !p.Running {
			g.nodes = append(g.nodes, node)
		}
		nodes[p.Name] = node
	}
	return nodes
}

// add adds the operation of a stage on x.
func (g *graph) add(s *stage, x *gorgonia.Node, nodes map[string]*gorgonia.Node) (*gorgonia.Node, error) {
	l := &lowering{Graph: g.ops, x: x, fused: s.fused}
	for _, spec := range s.Specs {
		if nodes[spec.Name] == nil {
			return nil, fmt.Errorf("the parameters have no %s", spec.Name)
		}
		l.params = append(l.params, nodes[spec.Name])
	}
	k := s.kind()
	if k.lower == nil {
		return nil, fmt.Errorf("no operation computes %s", s.Type)
	}
	return k.lower(s.Module, l)
}

// plan assigns memory to the buffers. The graph must be complete.
func (g *graph) plan() error { return g.ops.Plan(g.expr) }

// start allocates the buffers and makes the tape.
func (g *graph) start() error {
	if err := g.ops.Allocate(); err != nil {
		return fmt.Errorf("activations and gradients: %w", err)
	}
	g.tape = gorgonia.NewTapeMachine(g.expr)
	return nil
}

// run computes the first rows of an input, which is N×H×W×C.
func (g *graph) run(input []float32, rows int) error {
	if len(input) != g.shape.TotalSize() {
		return fmt.Errorf("%d pixels for a batch of shape %v; give %d", len(input), g.shape, g.shape.TotalSize())
	}
	if err := g.ops.SetRows(rows); err != nil {
		return err
	}
	if err := gorgonia.Let(g.input, tensor.New(tensor.WithShape(g.shape...), tensor.WithBacking(input))); err != nil {
		return err
	}
	g.ops.SetWeights(g.params.version())
	g.tape.Reset() // without it a second run does nothing
	return cause(g.tape.RunAll())
}

// result returns the first rows of the latest run's output.
func (g *graph) result(rows int) []float32 {
	out := g.output.Value().(*tensor.Dense).Float32s()
	return out[:len(out)/g.shape[0]*rows]
}

// cause returns the operation's own error. Gorgonia wraps it in a dump of instructions, which hides it
// from errors.Is.
func cause(err error) error {
	for {
		switch wrapped := err.(type) {
		case interface{ Err() error }:
			err = wrapped.Err()
		case interface{ Cause() error }:
			err = wrapped.Cause()
		default:
			return err
		}
	}
}
