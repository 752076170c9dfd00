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

// ErrNotFinite is the error of a Store that is asked to keep weights that are NaN or infinite.
var ErrNotFinite = errors.New("a weight is not finite")

// Run is what does not change in a run.
type Run struct {
	Network       *trained.Network // its Params are those that are trained
	Scored        model.Params     // what best.bin holds: those Params, or of the optimiser's slots
	Settings      *configs.Recipe
	Workers       *model.Workers
	StepsPerEpoch int
}

// Place is where the files of a run are, in a folder that exists. Its functions are called on a
// goroutine of the Writer; nil ones do nothing.
type Place struct {
	Checkpoint, Best string       // paths
	Held             func() error // an error if the folder is no longer the run's own: nothing may be written
	Flush            func() error // puts the observers' log files on the disk, before a checkpoint counts on them
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

// NewWriter returns the writer of a run whose optimiser keeps slots. The snapshot of a resumed run is
// the memory that its checkpoint was read into.
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

// Allocate makes room for the snapshot, once a run, and touches all of it: else the first save
// would wait for the system to map it.
func (w *Writer) Allocate() {
	if w.snapshot != nil {
		return
	}
	count := 0
	for _, part := range w.parts {
		w.snapshot = append(w.snapshot, checkpoint.Tensor{Name: part.name, Shape: part.Shape})
		count += part.Len()
	}
	all := memory.Floats(count)
	clear(all)
	checkpoint.Pack(w.snapshot, all)
}

// Save copies the state into the snapshot, which a goroutine writes.
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

// copy fills the snapshot with what the parts are now, in PyTorch's layouts: ErrNotFinite if a scored
// weight is not finite.
func (w *Writer) copy() error {
	w.Allocate()
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

// bestState is the snapshot's scored weights alone, by the parameters' names, as best.bin holds them.
func (w *Writer) bestState(p *Progress) *checkpoint.State {
	metadata := maps.Clone(w.metadata)
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
// order a run that is killed in between is resumed at the end of the best epoch, and has its weights.
// A checkpoint is written even if the log files cannot be: weights are worth more than records.
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
