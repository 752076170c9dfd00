package model

import "vggtrain/internal/kernel"

// Evaluator computes a network's logits on a graph of its own, forward only and without dropout,
// over the parameters' tensors as they are at each call. It is for one goroutine.
type Evaluator struct{ graph *graph }

// NewEvaluator lowers layers over ps for batches of the given number of images.
func NewEvaluator(pool *kernel.Pool, layers []Layer, ps Params, batch int) (*Evaluator, error) {
	g, err := lower(pool, layers, ps, batch, false, 0)
	if err != nil {
		return nil, err
	}
	if err := g.start(); err != nil {
		return nil, err
	}
	return &Evaluator{g}, nil
}

// Logits returns rows×classes numbers for the first rows of images, which are Batch×H×W×C.
// They are valid until the next call.
func (e *Evaluator) Logits(images []float32, rows int) ([]float32, error) {
	e.graph.ctx.WeightsChanged()
	if err := e.graph.run(images, rows); err != nil {
		return nil, err
	}
	return e.graph.logits.Value().Data().([]float32)[:rows*e.graph.logits.Shape()[1]], nil
}
