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
// The mask is a function of (seed, step, number of the dropout in the graph, element). So the
// gradient draws it again instead of storing it, and a resumed run draws the same.
func (g *Graph) Dropout(x *gorgonia.Node, p float64) (*gorgonia.Node, error) {
	if !(p >= 0 && p < 1) {
		return nil, fmt.Errorf("op: dropout of %v: use 0 to below 1", p)
	}
	shape := x.Shape()
	if shape.Dims() < 2 || shape[0] != g.batch {
		return nil, fmt.Errorf("op: dropout of %v, batch %d", shape, g.batch)
	}
	g.dropouts++
	number := g.dropouts
	return g.unary("Dropout", x, shape, nothing,
		func(y, x []float32) error { return g.drop(y, x, p, number) },
		func(dx, dy, _ []float32) error { return g.drop(dx, dy, p, number) })
}

// dropoutPiece is how many elements a piece covers: an even number.
const dropoutPiece = 1 << 14

// drop computes y for the rows that count. number says which of the graph's dropouts it is.
func (g *Graph) drop(y, x []float32, p float64, number int) error {
	stream := rng.New(g.seed, rng.Dropout, g.step).Split(uint64(number))
	d := kernel.Dropout{Words: stream, Drop: uint32(p * (1 << 32)), Scale: float32(1 / (1 - p))}
	total := len(y) / g.batch * g.rows
	return g.workers.Run((total+dropoutPiece-1)/dropoutPiece, func(_, piece int) {
		from, to := piece*dropoutPiece, min(total, (piece+1)*dropoutPiece)
		d.Apply(g.workers, y[from:to], x[from:to], from)
	})
}
