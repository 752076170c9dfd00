package model

import (
	"cmp"
	"fmt"

	"vggtrain/blocks"
)

// Activation is the output of a block of layers for one image.
type Activation struct {
	First, Last string // the block's layers, by name
	Shape       []int  // [C H W], or [F] of the logits
	Bytes       int64  // memory of the block's graph

	values []float32 // H×W×C, or F
}

// Channel copies channel c to dst: H×W numbers row by row, or one number if Shape is [F].
func (a *Activation) Channel(dst []float32, c int) {
	channels := a.Shape[0]
	for i := range blocks.Size(a.Shape[1:]) {
		dst[i] = a.values[i*channels+c]
	}
}

// Activations runs one image, H×W×C, through a network without dropout. It calls visit with the
// output of each of its blocks in turn, the logits last; an error of visit stops it. Each block has a
// graph of its own, so that only one block's memory is in use.
func Activations(workers *Workers, layers []Layer, ps Params, image []float32, visit func(*Activation) error) error {
	if err := check(layers, 1); err != nil {
		return err
	}
	for _, block := range blocksOf(layers) {
		g, err := runBlock(workers, block, ps, image)
		if err != nil {
			return err
		}
		image = g.result(1)
		first, last := &block[0], &block[len(block)-1]
		if err := visit(&Activation{First: first.Name, Last: last.Name, Shape: last.Out, Bytes: g.ops.PlannedBytes(), values: image}); err != nil {
			return err
		}
	}
	return nil
}

// runBlock runs one image through a block and returns its graph, with the result.
func runBlock(workers *Workers, block []Layer, ps Params, image []float32) (*graph, error) {
	g, err := forward(workers, fuse(block), ps, 1)
	if err != nil {
		return nil, err
	}
	if err := g.start(); err != nil {
		return nil, err
	}
	if err := g.runOnce(image); err != nil {
		return nil, fmt.Errorf("%s to %s: %w", block[0].Name, block[len(block)-1].Name, err)
	}
	return g, nil
}

// runOnce runs one image and closes the tape.
func (g *graph) runOnce(image []float32) error { return cmp.Or(g.run(image, 1), g.tape.Close()) }
