// Package predict classifies photos with a trained network.
package predict

import (
	"context"
	"errors"
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
	Photo      photo.File
	Guesses    []trained.Prediction // the most probable first, of equal ones the first class
	Background photo.Background
	Err        error // why it could not be read; then the rest is empty
}

// Options are the settings of a Predictor.
type Options struct {
	Invert photo.Invert
	TopK   int // guesses a photo, no more than there are classes
}

// Predictor is a network ready for photos. It is not safe for concurrent use.
type Predictor struct {
	workers   *model.Workers
	options   Options
	side      int
	classes   int
	evaluator *model.Evaluator
	reader    *photo.Reader
	table     *[256]float32
	squarers  []*dataset.Squarer // one a worker, for photos of the size of its last one
	images    []float32          // Batch×S×S×1
	results   []Result           // of the batch
}

// New builds the network for batches of Batch photos.
func New(workers *model.Workers, network *trained.Network, o Options) (*Predictor, error) {
	evaluator, err := model.NewEvaluator(workers, network.Layers, network.Params, Batch)
	if err != nil {
		return nil, err
	}
	table, err := dataset.Scale{Mean: network.Normalize.Mean[0], Deviation: network.Normalize.Deviation[0]}.Table()
	if err != nil {
		return nil, err
	}
	return &Predictor{
		workers: workers, options: o, side: network.Side, classes: len(network.Classes), evaluator: evaluator,
		reader:   photo.NewReader(),
		table:    table,
		squarers: make([]*dataset.Squarer, workers.Threads()),
		images:   make([]float32, Batch*network.Side*network.Side),
		results:  make([]Result, 0, Batch),
	}, nil
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
			p.results[i].Background, p.results[i].Err = p.load(worker, i, files[i])
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

// load puts a photo into row i of the batch. One that cannot be read leaves the row as it was; its
// logits are ignored.
func (p *Predictor) load(worker, i int, file photo.File) (photo.Background, error) {
	row := p.images[i*p.side*p.side:][:p.side*p.side]
	m, err := p.reader.Read(file)
	if err != nil {
		return photo.Background{}, err
	}
	defer m.Close()
	rows, cols := m.Rows(), m.Cols()
	if s := p.squarers[worker]; s == nil || !s.Fits(rows, cols) {
		if p.squarers[worker], err = dataset.NewSquarer(rows, cols, p.side); err != nil {
			return photo.Background{}, file.Failure(err)
		}
	}
	grey, alpha := m.Grey()
	background := photo.Prepare(grey, alpha, p.options.Invert)
	p.squarers[worker].Floats(row, grey.Pix, background.Fill(), p.table)
	return background, nil
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
