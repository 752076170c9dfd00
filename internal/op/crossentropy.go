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
// A loss that is NaN or infinite is the error ErrNotFinite.
func (g *Graph) CrossEntropy(logits, labels *gorgonia.Node, smoothing float64) (*gorgonia.Node, error) {
	ls, ts := logits.Shape(), labels.Shape()
	if ls.Dims() != 2 || ts.Dims() != 1 || ts[0] != ls[0] || ls[0] != g.batch || labels.Dtype() != tensor.Int32 {
		return nil, fmt.Errorf("op: cross-entropy of logits %v and labels %v %v, batch %d", ls, labels.Dtype(), ts, g.batch)
	}
	if !(smoothing >= 0 && smoothing < 1) {
		return nil, fmt.Errorf("op: label smoothing of %v: use 0 to below 1", smoothing)
	}
	shape, losses := kernel.CrossEntropy{N: ls[0], Classes: ls[1], Smoothing: smoothing}, make([]float64, ls[0])
	labelsOf := func(in []gorgonia.Value) []int32 { return in[1].(*tensor.Dense).Int32s() }
	o := g.newSpecial("CrossEntropy", tensor.ScalarShape(), logits, labels)
	o.does(Forward, "", func(in []gorgonia.Value) error {
		loss, err := shape.Forward(g.workers, floats(in[0]), labelsOf(in), losses, g.rows)
		if err != nil {
			return err
		}
		g.loss, o.value = loss, gorgonia.NewF32(float32(loss))
		if math.IsNaN(loss) || math.IsInf(loss, 0) {
			return ErrNotFinite
		}
		return nil
	})
	o.wrt = []bool{true, false}
	o.gradient = func(_ gorgonia.Nodes, _, dloss *gorgonia.Node) (gorgonia.Nodes, error) {
		d := o.derivative(newBuffer(ls...), logits, labels, dloss)
		d.does(InputGradient, "", func(in []gorgonia.Value) error {
			scale := float64(in[2].Data().(float32))
			return shape.Gradient(g.workers, d.out.data, floats(in[0]), labelsOf(in), scale, g.rows)
		})
		node, err := g.add(d)
		return gorgonia.Nodes{node, nil}, err
	}
	return g.add(o)
}
