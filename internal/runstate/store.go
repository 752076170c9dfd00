package runstate

import (
	"cmp"
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

// Store keeps a run's state, while the run goes on.
type Store interface {
	// Save copies the state and begins to write it: as the checkpoint, and with best also as
	// the weights of the best epoch. The save before must have ended. ErrNotFinite if a weight
	// is not finite: nothing is written then.
	Save(p *Progress, best bool) error
	// Ended tells whether the save under way has ended, and how; with wait, once it has. It
	// tells of each save once.
	Ended(wait bool) (Saved, bool)
}

// Saved is how a save ended.
type Saved struct {
	Records    error // what observers have written is not on the disk: it may be, later
	Checkpoint error
	Best       error
	HasBest    bool // the best was to be written too
}

// Files is the Store of a run folder. It holds one copy of the state at most.
type Files struct {
	Place
	Written struct{ Checkpoint, Best bool }

	workers       *model.Workers
	params        model.Params
	parts         []part            // params, then what the optimiser keeps
	metadata      map[string]string // of both files
	stepsPerEpoch int
	snapshot      []checkpoint.Tensor
	writing       chan Saved // of the save under way; nil: none
}

// Run is what does not change in a run.
type Run struct {
	Network       *trained.Network // its Params are those that are trained
	Settings      *configs.Recipe
	Workers       *model.Workers
	StepsPerEpoch int
}

// Place is where the files of a run are, in a folder that exists.
type Place struct {
	Checkpoint, Best string // paths

	// Held is an error if the folder is no longer the run's own: then nothing may be written.
	// It too runs on another goroutine. nil: it always is.
	Held func() error

	// Flush puts on the disk what observers have written, before a checkpoint counts it as
	// done. It runs on another goroutine than they do. nil: there is nothing.
	Flush func() error
}

// NewFiles returns the store of a run whose optimiser keeps slots. The snapshot of a resumed run is the
// memory that its checkpoint was read into.
func NewFiles(run Run, place Place, slots []model.Slot, resumed *Checkpoint) (*Files, error) {
	metadata, err := run.metadata()
	if err != nil {
		return nil, err
	}
	f := &Files{
		Place: place, workers: run.Workers, params: run.Network.Params, parts: partsOf(run.Network.Params, slots),
		metadata: metadata, stepsPerEpoch: run.StepsPerEpoch,
	}
	for _, ask := range []*func() error{&f.Held, &f.Flush} {
		if *ask == nil {
			*ask = func() error { return nil }
		}
	}
	if resumed != nil {
		f.snapshot = resumed.takeTensors(f.parts)
		f.Written.Checkpoint = resumed.Path == f.Checkpoint
	}
	return f, nil
}

// Save copies the state into the snapshot, which a goroutine writes.
func (f *Files) Save(p *Progress, best bool) error {
	if err := f.copy(); err != nil {
		return err
	}
	progress, err := p.Encode()
	if err != nil {
		return err
	}
	state := &checkpoint.State{Tensors: f.snapshot, Metadata: maps.Clone(f.metadata)}
	state.Metadata[keyProgress] = progress
	var weights *checkpoint.State
	if best {
		weights = f.bestState(p)
	}
	f.writing = make(chan Saved, 1)
	cut := p.Cut
	go func() { f.writing <- f.write(state, weights, cut) }()
	return nil
}

// write writes the checkpoint, and then the weights of the best epoch, if there are any: in
// this order a run that is killed in between is at the end of that epoch when it is resumed,
// and has the weights. What the checkpoint counts as done is on the disk before it is, if it can
// be: weights are worth more than records.
func (f *Files) write(state, best *checkpoint.State, cut bool) Saved {
	s := Saved{HasBest: best != nil}
	if err := f.Held(); err != nil {
		s.Checkpoint = err
		if best != nil {
			s.Best = err
		}
		return s
	}
	s.Records = f.Flush()
	s.Checkpoint = checkpoint.Write(f.Checkpoint, state)
	if best != nil {
		s.Best = f.writeBest(best, cut)
	}
	return s
}

// Ended waits for the goroutine, or looks whether it is done.
func (f *Files) Ended(wait bool) (Saved, bool) {
	if f.writing == nil {
		return Saved{}, false
	}
	var s Saved
	if wait {
		s = <-f.writing
	} else {
		select {
		case s = <-f.writing:
		default:
			return Saved{}, false
		}
	}
	f.writing = nil
	f.Written.Checkpoint = f.Written.Checkpoint || s.Checkpoint == nil
	f.Written.Best = s.HasBest && s.Best == nil || f.Written.Best && !s.HasBest
	return s, true
}

// bestState is the snapshot's weights alone, as best.bin holds them.
func (f *Files) bestState(p *Progress) *checkpoint.State {
	metadata := maps.Clone(f.metadata)
	step := p.BestEpoch * f.stepsPerEpoch
	if p.Cut && p.BestEpoch == p.lastEpoch() {
		step = p.Step
	}
	describeEpoch(metadata, p.BestEpoch, step, p.BestValAccuracy)
	return &checkpoint.State{Tensors: f.snapshot[:len(f.params)], Metadata: metadata}
}

// Allocate makes room for the snapshot, once a run, and touches all of it: else the first save
// would wait for the system to map it.
func (f *Files) Allocate() {
	if f.snapshot != nil {
		return
	}
	count := 0
	for _, part := range f.parts {
		f.snapshot = append(f.snapshot, checkpoint.Tensor{Name: part.name, Shape: part.Shape})
		count += part.Len()
	}
	// In one piece, in the order in which they are written: that takes the least time.
	all := memory.Floats(count)
	clear(all)
	order := make([]int, len(f.snapshot))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(f.snapshot[a].Name, f.snapshot[b].Name) })
	for _, i := range order {
		n := f.parts[i].Len()
		f.snapshot[i].Data, all = all[:n], all[n:]
	}
}

// copy fills the snapshot with what the parts are now, in PyTorch's layouts. If a weight is not
// finite, it is ErrNotFinite.
func (f *Files) copy() error {
	f.Allocate()
	for i, part := range f.parts {
		crash.Point("copy", f.Checkpoint)
		finite, err := part.Export(f.workers, f.snapshot[i].Data)
		if err != nil {
			return err
		}
		if !finite && i < len(f.params) {
			return fmt.Errorf("%s: %w", part.name, ErrNotFinite)
		}
	}
	return nil
}
