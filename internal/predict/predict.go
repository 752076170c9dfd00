// Package predict classifies photos with a trained network.
//
// A photo is prepared as the network's training pictures were, so that it gives what eval gives. Only
// for networks of Fashion-MNIST's own files is it also inverted and trimmed, as these were.
package predict

import (
	"context"
	"errors"
	"image"
	"math"
	"slices"

	"vggtrain/dataset"
	"vggtrain/internal/photo"
	"vggtrain/internal/trained"
	"vggtrain/model"
)

// Batch is the batch size, eval's default. The network is built for it even if there are fewer
// photos: algorithms depend on the batch size, and a photo's probabilities must be the same bits
// whatever the other photos are.
const Batch = 128

// Result is the classification of a photo.
type Result struct {
	Photo   photo.File
	Guesses []trained.Prediction // the most probable first, of equal ones the first class
	Err     error                // why it could not be read; then the rest is empty
	Garment *Garment             // nil, unless the network is of Fashion-MNIST's own files
}

// Garment is what was done to a photo to make it like Fashion-MNIST's.
type Garment struct {
	photo.Background
	Trimmed image.Rectangle // what is left of the photo; empty: all of it
}

// Options are the settings of a Predictor.
type Options struct {
	Invert photo.Invert // InvertAuto inverts only for networks of Fashion-MNIST's own files
	Trim   bool         // trim photos with a margin; only for such networks
	TopK   int          // guesses a photo, no more than there are classes
}

// Predictor is a network ready for photos. It is not safe for concurrent use.
type Predictor struct {
	workers   *model.Workers
	options   Options
	prepare   dataset.Preparation
	classes   int
	evaluator *model.Evaluator
	reader    *photo.Reader
	preparers []*dataset.Preparer // one a worker
	images    []float32           // Batch×S×S×C
	results   []Result            // of the batch
}

// New builds the network for batches of Batch photos.
func New(workers *model.Workers, network *trained.Network, o Options) (*Predictor, error) {
	evaluator, err := model.NewEvaluator(workers, network.Layers, network.Params, Batch)
	if err != nil {
		return nil, err
	}
	p := &Predictor{
		workers: workers, options: o, prepare: network.Preparation, classes: len(network.Classes), evaluator: evaluator,
		reader:  photo.NewReader(),
		images:  make([]float32, Batch*network.Size()),
		results: make([]Result, 0, Batch),
	}
	for range workers.Threads() {
		preparer, err := dataset.NewPreparer(network.Preparation, trained.Scales(network.Normalize))
		if err != nil {
			return nil, err
		}
		p.preparers = append(p.preparers, preparer)
	}
	return p, nil
}

// Run calls emit with the result of each file, in the files' order. Memory does not grow with their
// number. The error is emit's, or ctx's if ctx is done before the end.
func (p *Predictor) Run(ctx context.Context, files []photo.File, emit func(Result) error) error {
	for batch := range slices.Chunk(files, Batch) {
		if err := p.predict(ctx, batch); err != nil {
			return err
		}
		for _, r := range p.results {
			if err := emit(r); err != nil {
				return err
			}
		}
	}
	return nil
}

// predict sets the results of a batch.
func (p *Predictor) predict(ctx context.Context, files []photo.File) error {
	p.results = p.results[:len(files)]
	err := p.workers.Run(len(files), func(worker, i int) {
		p.results[i] = Result{Photo: files[i]}
		if ctx.Err() == nil {
			p.results[i].Garment, p.results[i].Err = p.load(worker, i, files[i])
		}
	})
	if err != nil {
		return err
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	logits, err := p.evaluator.Logits(p.images, len(files))
	if err != nil {
		return err
	}
	for i := range p.results {
		if p.results[i].Err != nil {
			continue
		}
		if p.results[i].Guesses, err = p.guesses(logits[i*p.classes:][:p.classes]); err != nil {
			return err
		}
	}
	return nil
}

// load puts a photo into row i of the batch. One that cannot be read leaves the row as it was or half
// done; its logits are ignored.
func (p *Predictor) load(worker, i int, file photo.File) (garment *Garment, err error) {
	m, err := p.reader.Read(file)
	if err != nil {
		return nil, err
	}
	defer m.Close()
	var pixels dataset.Pixels
	if p.prepare.Garments {
		garment = p.garment(&pixels, m)
	} else {
		p.colours(&pixels, m)
	}
	size := p.prepare.Size()
	if err := p.preparers[worker].Floats(p.images[i*size:][:size], &pixels); err != nil {
		return nil, file.Failure(err)
	}
	return garment, nil
}

// colours lets pixels read a photo row by row.
func (p *Predictor) colours(pixels *dataset.Pixels, m *photo.Photo) {
	pixels.ByRow(m.Rows(), m.Cols(), 3, func(y int, row []byte) []byte {
		m.Row(y, 3, row)
		if p.options.Invert == photo.InvertYes {
			for i, v := range row {
				row[i] = 255 - v
			}
		}
		return row
	})
}

// garment makes a photo like those of Fashion-MNIST: grey, bright on dark, and without margins.
func (p *Predictor) garment(pixels *dataset.Pixels, m *photo.Photo) *Garment {
	grey, alpha := m.Grey()
	g := &Garment{Background: photo.Prepare(grey, alpha, p.options.Invert)}
	if p.options.Trim {
		g.Trimmed = trimmed(grey, g.Fill())
	}
	if !g.Trimmed.Empty() {
		grey = cut(grey, g.Trimmed)
		if p.options.Invert == photo.InvertAuto {
			g.unframe(grey)
		}
	}
	pixels.Share(grey.Pix, grey.Rect.Dy(), grey.Rect.Dx(), 1)
	pixels.Fill = []byte{g.Fill()}
	return g
}

// guesses returns the most probable classes of one photo.
func (p *Predictor) guesses(logits []float32) ([]trained.Prediction, error) {
	list := trained.Likeliest(logits, p.options.TopK)
	for _, g := range list { // one output that is NaN makes all probabilities NaN
		if math.IsNaN(g.Probability) {
			return nil, errors.New("the network's outputs are not numbers: it comes from a training that diverged; use another checkpoint")
		}
	}
	return list, nil
}
