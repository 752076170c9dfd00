package runstate

import "errors"

// Store writes the state of a run, while the run goes on.
type Store interface {
	// Save takes a snapshot and begins to write it: as the checkpoint, and with best also as the
	// weights of the best epoch. The save before must have ended. ErrNotFinite if a weight is not
	// finite: nothing is written then.
	Save(p *Progress, best bool) error
	// Ended returns how the save under way has ended, once; with wait, it waits for that. ok is false
	// if no save is under way, or it has not ended.
	Ended(wait bool) (s Saved, ok bool)
}

// Saved is how a save ended.
type Saved struct {
	Records    error // flush error of the log files; their observer reports if it persists
	Checkpoint error
	Best       error // with HasBest
	HasBest    bool  // the best was to be written too
}

// Saves is what a run knows of its saves. One that fails does not end the run: the next may succeed,
// and the file of before stays whole.
//
// The newest snapshot is in one state of each line:
//
//	the run:         current ──step, Outdate──► outdated
//	checkpoint.bin:  being written ──Settle──► written, or failed
//	best.bin:        as checkpoint.bin, if it is of a best epoch; else as the save before left it
//
// Save takes another one: current, being written. It waits until the one before is not being written.
// The run's state is safe if the snapshot is current and nothing has failed; Finish sees to that.
type Saves struct {
	store  Store
	notify func(...string)

	newest struct {
		step    int // the last one in it
		current bool
		best    bool // of a best epoch
		writing bool
	}
	last    Saved                           // of the snapshots written; Best is of the last one with HasBest
	written struct{ checkpoint, best bool } // there is such a file of this run; best.bin is of its best epoch
}

// NewSaves returns the saves of a run after a step; saved says that checkpoint.bin holds its state.
func NewSaves(store Store, notify func(...string), step int, saved bool) Saves {
	s := Saves{store: store, notify: notify}
	s.newest.step, s.newest.current, s.written.checkpoint = step, saved, saved
	return s
}

// Outdate notes that the run has gone on from its newest snapshot.
func (s *Saves) Outdate() { s.newest.current = false }

// Due tells whether it is time to save after a step: a multiple of every has been passed since the
// newest snapshot, and nothing is being written, so that the training need not wait. Never for 0.
func (s *Saves) Due(step, every int) bool {
	return every > 0 && step/every > s.newest.step/every && !s.newest.writing
}

// Save begins to save the state, once the save before has ended.
func (s *Saves) Save(p *Progress, best bool) error {
	s.Settle(true)
	if err := s.store.Save(p, best); err != nil {
		return err
	}
	s.newest.step, s.newest.current, s.newest.best, s.newest.writing = p.Step, true, best, true
	return nil
}

// Settle takes note of how the save under way has ended; with wait, once it has.
func (s *Saves) Settle(wait bool) {
	if !s.newest.writing {
		return
	}
	now, ended := s.store.Ended(wait)
	if !ended {
		return
	}
	s.newest.writing = false
	before := s.last
	if !now.HasBest {
		now.Best = before.Best
	}
	s.tell(now.Records, before.Records)
	s.tell(now.Checkpoint, before.Checkpoint)
	if !same(now.Best, now.Checkpoint) {
		s.tell(now.Best, before.Best)
	}
	s.last = now
	s.written.checkpoint = s.written.checkpoint || now.Checkpoint == nil
	if now.HasBest {
		s.written.best = now.Best == nil
	}
}

// tell reports an error unless it was the last one reported.
func (s *Saves) tell(now, before error) {
	if now != nil && !same(now, before) {
		s.notify(now.Error() + "; training continues, and what was saved before is untouched")
	}
}

// Begin saves the state of a run before its first step, unless it is saved. The run cannot begin if
// that fails.
func (s *Saves) Begin(p *Progress) error {
	if s.newest.current {
		return nil
	}
	if err := s.store.Save(p, false); err != nil {
		return err
	}
	how, _ := s.store.Ended(true)
	if how.Checkpoint != nil {
		return how.Checkpoint
	}
	s.newest.step, s.newest.current, s.written.checkpoint = p.Step, true, true
	return nil
}

// MendedBest notes how a resumed run has found best.bin: there, with the weights of its best epoch, or
// why it could not be made so.
func (s *Saves) MendedBest(there bool, err error) { s.written.best, s.last.Best = there, err }

// Finish saves the state of a run that ends, unless it is saved, and waits until it is written.
func (s *Saves) Finish(p *Progress) error {
	s.Settle(true)
	bestFailed := s.newest.best && s.last.Best != nil
	if s.newest.current && s.last.Checkpoint == nil && !bestFailed {
		return nil
	}
	err := s.Save(p, s.newest.current && bestFailed)
	s.Settle(true)
	return err
}

// Incomplete says what is missing of what should be saved.
func (s *Saves) Incomplete() error {
	if same(s.last.Checkpoint, s.last.Best) {
		return s.last.Checkpoint
	}
	return errors.Join(s.last.Checkpoint, s.last.Best)
}

// Written tells which files of this run there are; best.bin only with the weights of its best epoch.
func (s *Saves) Written() (checkpoint, best bool) { return s.written.checkpoint, s.written.best }

// same tells whether two errors say the same.
func same(a, b error) bool { return a != nil && b != nil && a.Error() == b.Error() }
