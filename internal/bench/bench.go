// Package bench measures the speed of training and evaluation on this machine, and the machine's
// multiply-add peak.
//
// Batches are N×S×S×C, N images of side S and C channels.
package bench

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"vggtrain/dataset"
	"vggtrain/internal/memory"
	"vggtrain/model"
)

// WarmupSteps is the number of first steps of each phase that do not count: memory is touched for the
// first time, and caches fill.
const WarmupSteps = 2

// Options are the settings of Run.
type Options struct {
	Arch      *model.Arch
	Data      *dataset.Data
	Channels  int // C; 1 becomes 3, and 3 become 1
	Side      int // S, in pixels
	Batch     int // N; the whole of a set that has fewer images
	Steps     int // counted, of each phase
	Optimizer model.OptimizerOptions
	LR        float64
	Workers   *model.Workers
	Layers    bool         // fill Result.Layers
	Notice    func(string) // receives the name of each phase
}

// Result has the measurements. Its JSON is that of `vggtrain bench --json`.
type Result struct {
	TrainImagesPerSecond float64 `json:"train_images_per_second"` // loading, forward, backward, update
	EvalImagesPerSecond  float64 `json:"eval_images_per_second"`  // loading, forward
	TrainGFLOPS          float64 `json:"train_gflops"`            // see trainFLOPs
	PeakGFLOPS           float64 `json:"peak_gflops"`             // multiply-add peak of the threads
	PeakRSSBytes         int64   `json:"peak_rss_bytes"`          // at the end of the training phase
	Kernel               string  `json:"kernel"`
	StepMS               float64 `json:"step_ms,omitempty"` // of a training step, what Layers add up to
	Layers               []Row   `json:"layers,omitempty"`  // of the training step; with Options.Layers
}

// Run measures training, then evaluation, then the machine. If ctx is done, it ends after the step
// under way with ctx's error.
func Run(ctx context.Context, o Options) (*Result, error) {
	layers, err := model.Resolve(o.Arch, o.Channels, o.Side, o.Side, len(o.Data.Classes))
	if err != nil {
		return nil, err
	}
	params, err := model.NewParams(layers)
	if err != nil {
		return nil, err
	}
	if err := params.Init("xavier", 0); err != nil {
		return nil, err
	}
	r := &Result{Kernel: o.Workers.Kernel()}
	o.Notice("training")
	w := newWatch()
	if r.TrainImagesPerSecond, err = o.train(ctx, layers, params, w); err != nil {
		return nil, err
	}
	r.PeakRSSBytes = memory.Peak()
	r.TrainGFLOPS = r.TrainImagesPerSecond * float64(trainFLOPs(layers)) / 1e9
	o.Notice("evaluation")
	if r.EvalImagesPerSecond, err = o.evaluate(ctx, layers, params); err != nil {
		return nil, err
	}
	o.Notice("multiply-add peak")
	if r.PeakGFLOPS, err = o.Workers.Peak(); err != nil {
		return nil, err
	}
	if o.Layers {
		r.Layers, r.StepMS = w.rows(layers, min(o.Batch, o.Data.Train.Len()), r.PeakGFLOPS)
	}
	return r, ctx.Err()
}

// train returns the images a second of whole training steps, and has w watch them.
func (o *Options) train(ctx context.Context, layers []model.Layer, params model.Params, w *watch) (rate float64, err error) {
	trainer, err := model.NewTrainer(o.Workers, layers, params, model.TrainerOptions{Batch: min(o.Batch, o.Data.Train.Len()), Dropout: true})
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, trainer.Close()) }()
	optimizer, err := model.NewOptimizer(trainer, o.Optimizer)
	if err != nil {
		return 0, err
	}
	if o.Layers {
		trainer.Observe(w.observe)
	}
	var step uint64
	return o.measure(ctx, o.Data.Train, true, func(b *dataset.Batch, loaded time.Duration) error {
		step++
		err := w.call(RowGorgonia, func() error {
			_, err := trainer.Step(step, b.Images, b.Labels, b.Rows)
			return err
		})
		if err != nil {
			return err
		}
		err = w.call(RowSolver, func() error { return optimizer.Step(o.LR) })
		w.done(loaded)
		return err
	})
}

// evaluate returns the images a second of forward passes without dropout.
func (o *Options) evaluate(ctx context.Context, layers []model.Layer, params model.Params) (float64, error) {
	evaluator, err := model.NewEvaluator(o.Workers, layers, params, min(o.Batch, o.Data.Test.Len()))
	if err != nil {
		return 0, err
	}
	return o.measure(ctx, o.Data.Test, false, func(b *dataset.Batch, _ time.Duration) error {
		_, err := evaluator.Logits(b.Images, b.Rows)
		return err
	})
}

// measure runs step on batches of the set, epoch after epoch, and returns the
// images a second of the counted steps, loading included: step is told how long that took.
func (o *Options) measure(ctx context.Context, set dataset.Source, shuffle bool, step func(b *dataset.Batch, loaded time.Duration) error) (float64, error) {
	loader, err := dataset.NewLoader(set, dataset.LoaderOptions{
		Prepare: dataset.Preparation{Channels: o.Channels, Side: o.Side, Garments: o.Data.Garments()},
		Batch:   min(o.Batch, set.Len()), Shuffle: shuffle, Workers: o.Workers,
	})
	if err != nil {
		return 0, err
	}
	epoch := 1
	loader.Start(epoch, 0)
	images, start := 0, time.Now()
	asked := start
	for done := 0; done < WarmupSteps+o.Steps; {
		batch, err := loader.Next(ctx)
		if errors.Is(err, io.EOF) {
			epoch++
			loader.Start(epoch, 0)
			continue
		}
		if err != nil {
			return 0, err
		}
		if err := step(batch, time.Since(asked)); err != nil {
			return 0, fmt.Errorf("step %d: %w", done+1, err)
		}
		asked = time.Now()
		images += batch.Rows
		if done++; done == WarmupSteps {
			images, start = 0, time.Now()
		}
	}
	return float64(images) / time.Since(start).Seconds(), nil
}

// trainFLOPs returns the floating-point operations of one image's training step:
// two for each multiply-add of forward, weight gradient and input gradient,
// which the first layer does without.
func trainFLOPs(layers []model.Layer) int64 {
	var macs, first int64
	for _, l := range layers {
		macs += 3 * l.MACs
		first = cmp.Or(first, l.MACs)
	}
	return 2 * (macs - first)
}
