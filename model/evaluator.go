package model

import (
	"fmt"

	"vggtrain/blocks"
	"vggtrain/internal/memory"
)

// Evaluator computes a network's logits without dropout. Each call uses the parameters' current
// values, see Param.Changed. It is not safe for concurrent use.
//
// It has two graphs. The layers before Flatten run on chunks of images, so that the memory of
// activations does not grow with the batch. The layers from Flatten on run on the whole batch, so
// that the large weights of dense layers are read once.
type Evaluator struct {
	features   *graph    // for a chunk; nil where there is no such layer
	collected  []float32 // Batch×H×W×C: what features gives; nil where a chunk is the batch
	classifier *graph    // for the batch
}

// chunkBytes bounds what the widest stage reads and writes for a chunk. It is far more than a
// cache holds: chunks that stay in one are slower, since filters are then read for fewer images
// and there are too few pieces to share. vgg11-small at 224, on a processor with 32 MiB of cache:
// 128 images take 144 ms in one chunk, 151 in chunks of 64, 170 of 16 and 190 of 8.
const chunkBytes = 192 << 20

// NewEvaluator returns an evaluator of the layers with parameters ps, for batches of at most batch
// images.
func NewEvaluator(workers *Workers, layers []Layer, ps Params, batch int) (*Evaluator, error) {
	if err := check(layers, batch); err != nil {
		return nil, err
	}
	stages := fuse(layers)
	e, err := planEvaluator(workers, stages, ps, batch, chunk(stages, batch))
	if err != nil {
		return nil, err
	}
	return e, e.start()
}

// planEvaluator makes the graphs without allocating. ps need no Data.
func planEvaluator(workers *Workers, stages []stage, ps Params, batch, chunk int) (*Evaluator, error) {
	e, first := &Evaluator{}, 0
	for len(stages[first].Out) == 3 {
		first++
	}
	var err error
	if first > 0 {
		if e.features, err = forward(workers, stages[:first], ps, chunk); err != nil {
			return nil, err
		}
	}
	e.classifier, err = forward(workers, stages[first:], ps, batch)
	return e, err
}

// forward lowers stages for evaluation.
func forward(workers *Workers, stages []stage, ps Params, batch int) (*graph, error) {
	g, err := lower(workers, stages, ps, TrainerOptions{Batch: batch}, false)
	if err != nil {
		return nil, err
	}
	return g, g.plan()
}

// start takes the memory and makes the machines.
func (e *Evaluator) start() (err error) {
	if e.collected, err = memory.Floats(e.collectedSize()); err != nil {
		return err
	}
	if e.features != nil {
		if err := e.features.start(); err != nil {
			return err
		}
	}
	return e.classifier.start()
}

// collectedSize is the floats of collected.
func (e *Evaluator) collectedSize() int {
	if e.features == nil || e.features.shape[0] == e.classifier.shape[0] {
		return 0
	}
	return e.classifier.shape.TotalSize()
}

// PlannedBytes is the size of the evaluator's buffers: activations, not weights.
func (e *Evaluator) PlannedBytes() int64 {
	bytes := 4*int64(e.collectedSize()) + e.classifier.ops.PlannedBytes()
	if e.features != nil {
		bytes += e.features.ops.PlannedBytes()
	}
	return bytes
}

// chunk returns how many images of a batch go through the stages before Flatten together: at most what
// chunkBytes allows, and about the same number in each chunk.
func chunk(stages []stage, batch int) int {
	widest := 1
	for i := range stages {
		if s := &stages[i]; len(s.Out) == 3 {
			widest = max(widest, 4*(blocks.Size(s.In)+blocks.Size(s.Out)))
		}
	}
	most := max(1, chunkBytes/widest)
	chunks := (batch + most - 1) / most
	return (batch + chunks - 1) / chunks
}

// Logits returns the rows×classes logits of the first rows images. images is Batch×H×W×C. The result
// is valid until the next call.
func (e *Evaluator) Logits(images []float32, rows int) ([]float32, error) {
	if e.features != nil {
		var err error
		if images, err = e.collect(images, rows); err != nil {
			return nil, err
		}
	}
	if err := e.classifier.run(images, rows); err != nil {
		return nil, err
	}
	return e.classifier.result(rows), nil
}

// collect runs the features' graph over all chunks and returns what it gives for the batch.
func (e *Evaluator) collect(images []float32, rows int) ([]float32, error) {
	g, batch := e.features, e.classifier.shape[0]
	chunk := g.shape[0]
	size := g.shape.TotalSize() / chunk
	if len(images) != batch*size {
		return nil, fmt.Errorf("%d pixels for a batch of %d images; give %d", len(images), batch, batch*size)
	}
	if rows < 1 || rows > batch {
		return nil, fmt.Errorf("%d rows in a batch of %d", rows, batch)
	}
	if chunk == batch {
		if err := g.run(images, rows); err != nil {
			return nil, err
		}
		return g.result(batch), nil
	}
	for done := 0; done < rows; done += chunk {
		from := min(done, batch-chunk) // the last chunk is whole, too: it may begin in the one before
		count := min(chunk, rows-from)
		if err := g.run(images[from*size:(from+chunk)*size], count); err != nil {
			return nil, err
		}
		copy(e.collected[from*len(e.collected)/batch:], g.result(count))
	}
	return e.collected, nil
}
