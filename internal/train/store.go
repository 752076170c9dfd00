package train

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"

	"gorgonia.org/tensor"

	"vggtrain/checkpoint"
	"vggtrain/internal/crash"
	"vggtrain/internal/kernel"
	"vggtrain/internal/memory"
	"vggtrain/model"
)

// errWeights is the error of a Store that is asked to keep weights that are NaN or infinite.
var errWeights = errors.New("a weight is not finite")

// Store keeps a run's state, while the run goes on.
type Store interface {
	// Save copies the state and begins to write it: as the checkpoint, and with best also as
	// the weights of the best epoch. The save before must have ended. errWeights if a weight
	// is not finite: nothing is written then.
	Save(p *Progress, best bool) error
	// Ended tells whether the save under way has ended, and how; with wait, once it has. It
	// tells of each save once.
	Ended(wait bool) (saved, bool)
}

// saved is how a save ended.
type saved struct {
	records    error // what observers have written is not on the disk: it may be, later
	checkpoint error
	best       error
	hasBest    bool // the best was to be written too
}

// files is the Store of a run folder. It holds one copy of the state at most.
type files struct {
	checkpoint, best string // paths
	held, flush      func() error
	workers          *kernel.Workers
	params           model.Params
	momenta          [][]float32       // in params' order, as they are stored; nil: none
	metadata         map[string]string // of both files
	stepsPerEpoch    int
	snapshot         []checkpoint.Tensor
	writing          chan saved // of the save under way; nil: none
	written          struct{ checkpoint, best bool }
}

// newFiles returns the store of a job. The snapshot of a resumed run is the memory that its
// checkpoint was read into.
func newFiles(j *Job, momenta [][]float32) (*files, error) {
	metadata, err := describe(j)
	if err != nil {
		return nil, err
	}
	f := &files{
		checkpoint: j.Checkpoint, best: j.Best, held: j.Held, flush: j.Flush,
		workers: j.Workers, params: j.Params, momenta: momenta, metadata: metadata, stepsPerEpoch: j.plan().StepsPerEpoch,
	}
	for _, ask := range []*func() error{&f.held, &f.flush} {
		if *ask == nil {
			*ask = func() error { return nil }
		}
	}
	if j.resumed != nil {
		f.snapshot = j.resumed.takeTensors(j.Params)
		f.written.checkpoint = j.resumed.Path == j.Checkpoint
	}
	return f, nil
}

// Save copies the state into the snapshot, which a goroutine writes.
func (f *files) Save(p *Progress, best bool) error {
	if err := f.copy(); err != nil {
		return err
	}
	progress, err := p.encode()
	if err != nil {
		return err
	}
	state := &checkpoint.State{Tensors: f.snapshot, Metadata: maps.Clone(f.metadata)}
	state.Metadata[keyProgress] = progress
	var weights *checkpoint.State
	if best {
		weights = f.bestState(p)
	}
	f.writing = make(chan saved, 1)
	cut := p.Cut
	go func() { f.writing <- f.write(state, weights, cut) }()
	return nil
}

// write writes the checkpoint, and then the weights of the best epoch, if there are any: in
// this order a run that is killed in between is at the end of that epoch when it is resumed,
// and has the weights. What the checkpoint counts as done is on the disk before it is, if it can
// be: weights are worth more than records.
func (f *files) write(state, best *checkpoint.State, cut bool) saved {
	s := saved{hasBest: best != nil}
	if err := f.held(); err != nil {
		s.checkpoint = err
		if best != nil {
			s.best = err
		}
		return s
	}
	s.records = f.flush()
	s.checkpoint = checkpoint.Write(f.checkpoint, state)
	if best != nil {
		s.best = f.writeBest(best, cut)
	}
	return s
}

// Ended waits for the goroutine, or looks whether it is done.
func (f *files) Ended(wait bool) (saved, bool) {
	if f.writing == nil {
		return saved{}, false
	}
	var s saved
	if wait {
		s = <-f.writing
	} else {
		select {
		case s = <-f.writing:
		default:
			return saved{}, false
		}
	}
	f.writing = nil
	f.written.checkpoint = f.written.checkpoint || s.checkpoint == nil
	f.written.best = s.hasBest && s.best == nil || f.written.best && !s.hasBest
	return s, true
}

// bestState is the snapshot's weights alone, as best.bin holds them.
func (f *files) bestState(p *Progress) *checkpoint.State {
	metadata := maps.Clone(f.metadata)
	step := p.BestEpoch * f.stepsPerEpoch
	if p.Cut && p.BestEpoch == p.lastEpoch() {
		step = p.Step
	}
	describeEpoch(metadata, p.BestEpoch, step, p.BestValAccuracy)
	return &checkpoint.State{Tensors: f.snapshot[:len(f.params)], Metadata: metadata}
}

// allocate makes room for the snapshot, once a run, and touches all of it: else the first save
// would wait for the system to map it.
func (f *files) allocate() {
	if f.snapshot != nil {
		return
	}
	prefixes := []string{""}
	if f.momenta != nil {
		prefixes = append(prefixes, momentumPrefix)
	}
	for _, prefix := range prefixes {
		for _, p := range f.params {
			f.snapshot = append(f.snapshot, checkpoint.Tensor{Name: prefix + p.Name, Shape: p.Shape})
		}
	}
	// In one piece, in the order in which they are written: that takes the least time.
	all := memory.Floats(len(prefixes) * int(f.params.Count()))
	clear(all)
	order := make([]int, len(f.snapshot))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(f.snapshot[a].Name, f.snapshot[b].Name) })
	for _, i := range order {
		n := f.params[i%len(f.params)].Len()
		f.snapshot[i].Data, all = all[:n], all[n:]
	}
}

// copy fills the snapshot with the weights and momenta of now, in PyTorch's layouts. If a weight
// is not finite, it is errWeights.
func (f *files) copy() error {
	f.allocate()
	for i, p := range f.params {
		crash.Point("copy", f.checkpoint)
		finite, err := p.Export(f.workers, f.snapshot[i].Data)
		if err != nil {
			return err
		}
		if !finite {
			return fmt.Errorf("%s: %w", p.Name, errWeights)
		}
	}
	for i, m := range f.momenta {
		if _, err := withValue(f.params[i], m).Export(f.workers, f.snapshot[len(f.params)+i].Data); err != nil {
			return err
		}
	}
	return nil
}

// withValue returns a parameter like p that holds other numbers, stored as p's are.
func withValue(p *model.Param, data []float32) *model.Param {
	other := *p
	other.Value = tensor.New(tensor.WithShape(p.Value.Shape()...), tensor.WithBacking(data))
	return &other
}
