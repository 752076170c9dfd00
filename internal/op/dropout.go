package op

import (
	"fmt"

	"gorgonia.org/gorgonia"

	"vggtrain/internal/kernel"
	"vggtrain/internal/rng"
)

// Dropout adds y = x·m/(1-p), where m is 0 with probability p and else 1, drawn anew for each
// step (inverted dropout, as torch.nn.functional.dropout in training).
//
// The mask is a function of (seed, step, which dropout of the graph, element), so the gradient
// draws it again instead of storing it, and a resumed run draws the same.
func (c *Context) Dropout(x *gorgonia.Node, p float64) (*gorgonia.Node, error) {
	if !(p >= 0 && p < 1) {
		return nil, fmt.Errorf("op: dropout of %v: use 0 to below 1", p)
	}
	c.dropouts++
	return c.dropout("Dropout", Forward, x, p, c.dropouts)
}

func (c *Context) dropout(name string, pass string, x *gorgonia.Node, p float64, number int) (*gorgonia.Node, error) {
	if xs := x.Shape(); xs.Dims() < 2 || xs[0] != c.batch {
		return nil, fmt.Errorf("op: dropout of %v, batch %d", xs, c.batch)
	}
	o := &dropout{y: newBuffer(x.Shape()...), p: p, pass: pass, number: number}
	o.base = c.newBase(name, o.y.shape, x)
	return c.add(o)
}

type dropout struct {
	base
	y      *buffer
	p      float64
	pass   string
	number int // of the graph's dropouts
}

func (o *dropout) result() *buffer    { return o.y }
func (o *dropout) buffers() []*buffer { return []*buffer{o.y} }

// dropoutPiece is how many elements a piece covers: an even number.
const dropoutPiece = 1 << 14

func (o *dropout) Do(in ...gorgonia.Value) (_ gorgonia.Value, err error) {
	defer o.guard(&err)
	defer o.report(o.pass, "", o.clock())
	x, y := floats(in[0]), o.y.data
	stream := rng.New(o.ctx.seed, rng.Dropout, o.ctx.step).Split(uint64(o.number))
	d := kernel.Dropout{State: stream.State(0), Drop: uint32(o.p * (1 << 32)), Scale: float32(1 / (1 - o.p))}
	total := len(y) / o.ctx.batch * o.ctx.rows
	return o.y.value, o.ctx.workers.Run((total+dropoutPiece-1)/dropoutPiece, func(_, piece int) {
		from, to := piece*dropoutPiece, min(total, (piece+1)*dropoutPiece)
		d.Apply(o.ctx.workers, y[from:to], x[from:to], from)
	})
}

func (o *dropout) DiffWRT(int) []bool { return []bool{needsGradient(o.inputs[0])} }

// SymDiff is the same operation on dy.
func (o *dropout) SymDiff(_ gorgonia.Nodes, _, dy *gorgonia.Node) (gorgonia.Nodes, error) {
	o.ctx.SetLayer(o.layer)
	node, err := o.ctx.dropout("DropoutGradient", InputGradient, dy, o.p, o.number)
	return gorgonia.Nodes{node}, err
}
