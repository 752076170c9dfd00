package runstate

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"vggtrain/checkpoint"
	"vggtrain/configs"
	"vggtrain/internal/crash"
	"vggtrain/internal/memory"
	"vggtrain/internal/trained"
	"vggtrain/model"
)

// ErrNotFinite is the error of Store.Save for a weight that is NaN or infinite.
var ErrNotFinite = errors.New("a weight is not finite")

// Run holds the constants of a run.
type Run struct {
	Network       *trained.Network // its Params are trained
	Scored        model.Params     // the content of best.bin: Network.Params, or one of the optimiser's slots
	Settings      *configs.Recipe
	Workers       *model.Workers
	StepsPerEpoch int
}

// Place holds the paths of a run's files, in an existing folder. Its functions are called on a
// goroutine of the Writer; they may be nil.
type Place struct {
	Checkpoint, Best string       // paths
	Held             func() error // an error if the folder is no longer the run's own: nothing may be written
	Flush            func() error // fsyncs the observers' log files, before the checkpoint is written
}

// Writer is the Store that writes checkpoint.bin and best.bin. It holds one copy of the state.
type Writer struct {
	Place
	workers       *model.Workers
	scored        model.Params
	parts         []part            // params, then what the optimiser keeps
	metadata      map[string]string // of both files
	stepsPerEpoch int
	snapshot      []checkpoint.Tensor // of parts; nil: not allocated yet
	writing       chan Saved          // of the save under way; nil: none
}

// NewWriter returns the writer of a run with the optimiser's slots. A resumed run reuses the memory
// of its checkpoint as the snapshot.
func NewWriter(run Run, place Place, slots []model.Slot, resumed *Checkpoint) (*Writer, error) {
	metadata, err := run.metadata()
	if err != nil {
		return nil, err
	}
	w := &Writer{
		Place: place, workers: run.Workers, scored: run.Scored, parts: partsOf(run.Network.Params, slots),
		metadata: metadata, stepsPerEpoch: run.StepsPerEpoch,
	}
	for _, f := range []*func() error{&w.Held, &w.Flush} {
		if *f == nil {
			*f = func() error { return nil }
		}
	}
	if resumed != nil {
		w.snapshot = resumed.takeTensors(w.parts)
	}
	return w, nil
}

// Allocate allocates the snapshot, once a run, and touches its pages, so that the first save does not
// wait for page faults.
func (w *Writer) Allocate() error {
	if w.snapshot != nil {
		return nil
	}
	count := 0
	for _, part := range w.parts {
		count += part.Len()
	}
	all, err := memory.Floats(count)
	if err != nil {
		return fmt.Errorf("the copy of the state that is saved: %w", err)
	}
	clear(all)
	for _, part := range w.parts {
		w.snapshot = append(w.snapshot, checkpoint.Tensor{Name: part.name, Shape: part.Shape})
	}
	checkpoint.Pack(w.snapshot, all)
	return nil
}

// Save copies the state into the snapshot and starts a goroutine to write it.
func (w *Writer) Save(p *Progress, best bool) error {
	if err := w.copy(); err != nil {
		return err
	}
	progress, err := p.Encode()
	if err != nil {
		return err
	}
	state := &checkpoint.State{Tensors: w.snapshot, Metadata: maps.Clone(w.metadata)}
	state.Metadata[keyProgress] = progress
	var weights *checkpoint.State
	if best {
		weights = w.bestState(p)
	}
	w.writing = make(chan Saved, 1)
	partial := p.Partial
	go func() { w.writing <- w.write(state, weights, partial) }()
	return nil
}

// copy copies the parts to the snapshot in PyTorch's layouts. The error is ErrNotFinite if a scored
// weight is NaN or infinite.
func (w *Writer) copy() error {
	if err := w.Allocate(); err != nil {
		return err
	}
	for i, part := range w.parts {
		crash.Point("copy", w.Checkpoint)
		finite, err := part.Export(w.workers, w.snapshot[i].Data)
		if err != nil {
			return err
		}
		if !finite && slices.Contains(w.scored, part.Param) {
			return fmt.Errorf("%s: %w", part.name, ErrNotFinite)
		}
	}
	return nil
}

// bestState returns only the snapshot's scored weights, under the parameters' names, for best.bin.
func (w *Writer) bestState(p *Progress) *checkpoint.State {
	metadata := maps.Clone(w.metadata)
	delete(metadata, keySources)
	step := p.BestEpoch * w.stepsPerEpoch
	if p.Partial && p.bestIsNewest() {
		step = p.Step
	}
	describeEpoch(metadata, p.BestEpoch, step, p.BestValAccuracy)
	best := &checkpoint.State{Metadata: metadata}
	for i, part := range w.parts {
		if slices.Contains(w.scored, part.Param) {
			best.Tensors = append(best.Tensors, checkpoint.Tensor{Name: part.Name, Shape: part.Shape, Data: w.snapshot[i].Data})
		}
	}
	return best
}

// write writes the log files, the checkpoint, and then the best weights if they are not nil. In this
// order a run killed in between is resumed at the end of the best epoch and still has its weights.
// The checkpoint is written even if the log files fail: weights are worth more than records.
func (w *Writer) write(state, best *checkpoint.State, partial bool) Saved {
	s := Saved{HasBest: best != nil}
	if err := w.Held(); err != nil {
		s.Checkpoint, s.Best = err, err
		return s
	}
	s.Records = w.Flush()
	s.Checkpoint = checkpoint.Write(w.Checkpoint, state)
	if best != nil {
		s.Best = w.writeBest(best, partial)
	}
	return s
}

// Ended is of the Store.
func (w *Writer) Ended(wait bool) (s Saved, ok bool) {
	if w.writing == nil || !wait && len(w.writing) == 0 {
		return Saved{}, false
	}
	s = <-w.writing
	w.writing = nil
	return s, true
}
