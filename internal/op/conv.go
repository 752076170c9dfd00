package op

import (
	"fmt"

	"gorgonia.org/gorgonia"

	"vggtrain/internal/kernel"
)

// ConvConfig is a convolution's hyperparameters and what is fused to it.
type ConvConfig struct {
	Kernel, Stride, Padding int
	ReLU                    bool
	Pool                    bool // 2×2 max-pool of stride 2, after the ReLU
}

// Conv adds the 2-D convolution y = pool(relu(x∗w + b)), the last two as configured.
//
//	x   N×H×W×C        w   (Kernel·Kernel·C)×OC in panels, row (kh·Kernel+kw)·C+c        b   OC
//	y   N×OH×OW×OC     (torch.nn.functional.conv2d; max_pool2d)
//
// With a pool the full-size output is never stored: the backward pass keeps the pooled output
// and one byte an element that says which pixel of its window it was.
func (c *Context) Conv(x, w, b *gorgonia.Node, cfg ConvConfig) (*gorgonia.Node, error) {
	xs, ws, bs := x.Shape(), w.Shape(), b.Shape()
	if xs.Dims() != 4 || ws.Dims() != 2 || bs.Dims() != 1 || bs[0] != ws[1] || ws[0] != cfg.Kernel*cfg.Kernel*xs[3] || xs[0] != c.batch {
		return nil, fmt.Errorf("op: convolution of %v by weights %v and bias %v with a %d×%d kernel, batch %d", xs, ws, bs, cfg.Kernel, cfg.Kernel, c.batch)
	}
	shape := kernel.Conv{
		N: xs[0], H: xs[1], W: xs[2], C: xs[3], OC: ws[1],
		Kernel: cfg.Kernel, Stride: cfg.Stride, Padding: cfg.Padding, ReLU: cfg.ReLU, Pool: cfg.Pool,
	}
	if err := shape.Check(); err != nil {
		return nil, fmt.Errorf("op: %w", err)
	}
	oh, ow := shape.Out()
	o := &conv{Conv: shape, y: newBuffer(shape.N, oh, ow, shape.OC)}
	o.base = c.newBase("Conv", o.y.shape, x, w, b)
	o.reserve(o.ForwardSize(c.workers))
	o.filters = newBuffer(o.FilterSize(c.workers))
	o.filters.lasting = true
	return c.add(o)
}

type conv struct {
	base
	kernel.Conv
	y, arg  *buffer // arg: nil without pool, or where no gradient is taken
	filters *buffer // transformed; lasting, unless the weights change between any two runs
	made    bool    // the filters, of
	weights uint64  // this version of the weights
}

func (o *conv) result() *buffer { return o.y }

func (o *conv) buffers() []*buffer {
	if o.arg == nil {
		return []*buffer{o.y}
	}
	return []*buffer{o.y, o.arg}
}

func (o *conv) scratch() []*buffer { return append(o.base.scratch(), o.filters) }

// choice is the pool's argument of the latest forward pass.
func (o *conv) choice() []byte {
	if o.arg == nil {
		return nil
	}
	return o.arg.arg
}

func (o *conv) Do(in ...gorgonia.Value) (_ gorgonia.Value, err error) {
	defer o.guard(&err)
	defer o.report(Forward, string(o.ForwardAlgorithm(o.ctx.workers)), o.clock())
	x, w, b := floats(in[0]), floats(in[1]), floats(in[2])
	if err := o.transform(w); err != nil {
		return nil, err
	}
	return o.y.value, o.Forward(o.ctx.workers, o.y.data, o.choice(), x, w, b, o.filters.data, o.work.data, o.ctx.rows)
}

// transform makes the filters as Conv.Forward wants them, unless they are there from an earlier
// run.
func (o *conv) transform(w []float32) error {
	if o.filters.lasting && o.made && o.weights == o.ctx.weights {
		return nil
	}
	err := o.TransformFilters(o.ctx.workers, o.filters.data, w)
	if err == nil {
		o.made, o.weights = true, o.ctx.weights
	}
	return err
}

// DiffWRT says that the gradient reaches weights and bias, and x unless it is data.
func (o *conv) DiffWRT(int) []bool { return []bool{needsGradient(o.inputs[0]), true, true} }

// SymDiff adds one node that computes all gradients in turn, and a node for each.
func (o *conv) SymDiff(in gorgonia.Nodes, y, dy *gorgonia.Node) (gorgonia.Nodes, error) {
	o.ctx.SetLayer(o.layer)
	g := &convGradient{forward: o, layerGradient: o.ctx.newLayerGradient("ConvGradient", in, y, dy)}
	o.filters.lasting = false
	if o.Pool {
		o.arg = newBuffer(o.y.shape...)
		o.arg.bytes = true
	}
	g.sums = newBuffer(o.WeightGradientSize(o.ctx.workers))
	if g.dx != nil {
		g.sums.until = g.dx
		g.reserve(o.InputGradientSize(o.ctx.workers))
	}
	return o.ctx.gradients(g, &g.layerGradient)
}

type convGradient struct {
	layerGradient
	forward *conv
	sums    *buffer // work space of the weight gradient, which comes first
}

func (g *convGradient) scratch() []*buffer { return append(g.layerGradient.scratch(), g.sums) }

func (g *convGradient) Do(in ...gorgonia.Value) (_ gorgonia.Value, err error) {
	defer g.guard(&err)
	x, w, y, dy := floats(in[0]), floats(in[1]), floats(in[2]), floats(in[3])
	c, ctx, arg := g.forward.Conv, g.ctx, g.forward.choice()
	if !c.ReLU {
		y = nil
	}
	start := g.clock()
	if err := c.WeightGradient(ctx.workers, g.dw.data, g.db.data, x, dy, y, arg, g.sums.data, ctx.rows); err != nil {
		return nil, err
	}
	g.report(WeightGradient, string(c.WeightAlgorithm(ctx.workers)), start)
	if g.dx == nil {
		return g.db.value, nil
	}
	defer g.report(InputGradient, string(c.InputAlgorithm(ctx.workers)), g.clock())
	return g.dx.value, c.InputGradient(ctx.workers, g.dx.data, dy, y, arg, w, g.work.data, ctx.rows)
}
