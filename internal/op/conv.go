package op

import (
	"fmt"

	"gorgonia.org/gorgonia"

	"vggtrain/internal/kernel"
)

// ConvConfig holds a convolution's hyperparameters and the operations fused to it.
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
// With a pool the full-size output is never stored. The backward pass keeps the pooled output and the
// argmax of each window, one byte an element.
func (g *Graph) Conv(x, w, b *gorgonia.Node, cfg ConvConfig) (*gorgonia.Node, error) {
	xs, ws, bs := x.Shape(), w.Shape(), b.Shape()
	if xs.Dims() != 4 || ws.Dims() != 2 || bs.Dims() != 1 || bs[0] != ws[1] || ws[0] != cfg.Kernel*cfg.Kernel*xs[3] || xs[0] != g.batch {
		return nil, fmt.Errorf("op: convolution of %v by weights %v and bias %v with a %d×%d kernel, batch %d", xs, ws, bs, cfg.Kernel, cfg.Kernel, g.batch)
	}
	c := &conv{graph: g, Conv: kernel.Conv{
		N: xs[0], H: xs[1], W: xs[2], C: xs[3], OC: ws[1],
		Kernel: cfg.Kernel, Stride: cfg.Stride, Padding: cfg.Padding, ReLU: cfg.ReLU, Pool: cfg.Pool,
	}}
	if err := c.Check(); err != nil {
		return nil, fmt.Errorf("op: %w", err)
	}
	oh, ow := c.Out()
	o := g.newOperation("Conv", newBuffer(c.N, oh, ow, c.OC), x, w, b)
	c.argmax = &buffer{}
	if g.training && c.Pool {
		c.argmax = newByteBuffer(o.shape...)
		o.writes = append(o.writes, c.argmax)
	}
	scratch := o.reserve(c.ForwardSize(g.workers))
	c.filters = o.reserve(c.FilterSize(g.workers))
	c.filters.persistent = !g.training
	o.does(Forward, string(c.ForwardAlgorithm(g.workers)), func(in []gorgonia.Value) error {
		x, w, b := floats(in[0]), floats(in[1]), floats(in[2])
		if err := c.transform(w); err != nil {
			return err
		}
		return c.Forward(g.workers, o.out.data, c.argmax.bytes, x, w, b, c.filters.data, scratch.data, g.rows)
	})
	o.wrt = []bool{needsGradient(x), true, true}
	o.gradient = func(in gorgonia.Nodes, y, dy *gorgonia.Node) (gorgonia.Nodes, error) { return c.backward(o, in, y, dy) }
	return g.add(o)
}

// conv is the state shared by forward and backward pass.
type conv struct {
	kernel.Conv
	graph   *Graph
	argmax  *buffer // pixels that the workers has taken; empty without pool and without training
	filters *buffer // transformed weights; persistent, unless training changes them between runs
	made    bool    // the filters, of
	version uint64  // this version of the weights
}

// transform makes the filters as Conv.Forward wants them, unless they are there from an earlier
// run.
func (c *conv) transform(w []float32) error {
	if c.filters.persistent && c.made && c.version == c.graph.weights {
		return nil
	}
	c.made, c.version = true, c.graph.weights
	return c.TransformFilters(c.graph.workers, c.filters.data, w)
}

// backward adds the operation that computes all gradients in turn, and a node for each.
func (c *conv) backward(o *operation, in gorgonia.Nodes, y, dy *gorgonia.Node) (gorgonia.Nodes, error) {
	workers := c.graph.workers
	d := o.layerGradient(in, newBuffer(in[1].Shape()...), in[0], in[1], y, dy)
	var scratch *buffer
	if d.dx != nil {
		scratch = d.reserve(c.InputGradientSize(workers))
	}
	sums := d.reserve(c.WeightGradientSize(workers))
	sums.freedBy = d.dx
	output := func(in []gorgonia.Value) []float32 { // nil without ReLU
		if !c.ReLU {
			return nil
		}
		return floats(in[2])
	}
	d.does(WeightGradient, string(c.WeightAlgorithm(workers)), func(in []gorgonia.Value) error {
		x, dy := floats(in[0]), floats(in[3])
		return c.WeightGradient(workers, d.dw.data, d.db.data, x, dy, output(in), c.argmax.bytes, sums.data, c.graph.rows)
	})
	if d.dx != nil {
		d.does(InputGradient, string(c.InputAlgorithm(workers)), func(in []gorgonia.Value) error {
			w, dy := floats(in[1]), floats(in[3])
			return c.InputGradient(workers, d.dx.data, dy, output(in), c.argmax.bytes, w, scratch.data, c.graph.rows)
		})
	}
	return d.nodes(nil)
}
