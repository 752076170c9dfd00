package op

import (
	"fmt"
	"math"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"vggtrain/internal/kernel"
)

// CrossEntropy adds the mean over the rows of the softmax cross-entropy with label smoothing.
//
//	logits   N×Classes        labels   N, int32        loss   scalar
//
//	p = softmax(logits[n]),  q = (1-smoothing)·onehot(labels[n]) + smoothing/Classes
//	loss = 1/N · Σ_n -Σ q·ln p      (torch.nn.functional.cross_entropy)
//
// A loss that is not finite is an error that is ErrNotFinite.
func (c *Context) CrossEntropy(logits, labels *gorgonia.Node, smoothing float64) (*gorgonia.Node, error) {
	ls, ts := logits.Shape(), labels.Shape()
	if ls.Dims() != 2 || ts.Dims() != 1 || ts[0] != ls[0] || ls[0] != c.batch || labels.Dtype() != tensor.Int32 {
		return nil, fmt.Errorf("op: cross-entropy of logits %v and labels %v %v, batch %d", ls, labels.Dtype(), ts, c.batch)
	}
	if !(smoothing >= 0 && smoothing < 1) {
		return nil, fmt.Errorf("op: label smoothing of %v: use 0 to below 1", smoothing)
	}
	o := &crossEntropy{
		CrossEntropy: kernel.CrossEntropy{N: ls[0], Classes: ls[1], Smoothing: smoothing},
		losses:       make([]float64, ls[0]),
	}
	o.base = c.newBase("CrossEntropy", tensor.ScalarShape(), logits, labels)
	return c.add(o)
}

type crossEntropy struct {
	base
	kernel.CrossEntropy
	losses []float64
}

func (o *crossEntropy) result() *buffer    { return nil }
func (o *crossEntropy) buffers() []*buffer { return nil }

func (o *crossEntropy) Do(in ...gorgonia.Value) (_ gorgonia.Value, err error) {
	defer o.guard(&err)
	defer o.report(Forward, "", o.clock())
	loss, err := o.Forward(o.ctx.workers, floats(in[0]), in[1].(*tensor.Dense).Int32s(), o.losses, o.ctx.rows)
	if err != nil {
		return nil, err
	}
	o.ctx.loss = loss
	if math.IsNaN(loss) || math.IsInf(loss, 0) {
		return nil, ErrNotFinite
	}
	return gorgonia.NewF32(float32(loss)), nil
}

func (o *crossEntropy) DiffWRT(int) []bool { return []bool{true, false} }

func (o *crossEntropy) SymDiff(in gorgonia.Nodes, _, dloss *gorgonia.Node) (gorgonia.Nodes, error) {
	o.ctx.SetLayer(o.layer)
	g := &crossEntropyGradient{forward: o, dlogits: newBuffer(in[0].Shape()...)}
	g.base = o.ctx.newBase("CrossEntropyGradient", g.dlogits.shape, in[0], in[1], dloss)
	node, err := o.ctx.add(g)
	return gorgonia.Nodes{node, nil}, err
}

type crossEntropyGradient struct {
	base
	forward *crossEntropy
	dlogits *buffer
}

func (g *crossEntropyGradient) result() *buffer    { return g.dlogits }
func (g *crossEntropyGradient) buffers() []*buffer { return []*buffer{g.dlogits} }

func (g *crossEntropyGradient) Do(in ...gorgonia.Value) (_ gorgonia.Value, err error) {
	defer g.guard(&err)
	defer g.report(InputGradient, "", g.clock())
	scale := float64(in[2].Data().(float32))
	labels := in[1].(*tensor.Dense).Int32s()
	return g.dlogits.value, g.forward.Gradient(g.ctx.workers, g.dlogits.data, floats(in[0]), labels, scale, g.ctx.rows)
}
