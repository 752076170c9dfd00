package runstate

import "errors"

// Store writes the state of a run in the background.
type Store interface {
	// Save takes a snapshot and begins to write it: as the checkpoint and, with best, as the weights
	// of the best epoch. The save before must have ended. The error is ErrNotFinite if a weight is
	// NaN or infinite; nothing is written then.
	Save(p *Progress, best bool) error
	// Ended returns the result of the save under way, once. With wait it waits for the end. ok is
	// false if no save is under way or it has not ended.
	Ended(wait bool) (s Saved, ok bool)
}

// Saved is the result of a save.
type Saved struct {
	Records    error // flush error of the log files; their observer reports if it persists
	Checkpoint error
	Best       error // with HasBest
	HasBest    bool  // best.bin was to be written too
}

// Saves tracks the saves of a run. A failed save does not end the run: the next may succeed, and the
// previous file stays whole.
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

// NewSaves returns the Saves of a run after the given step. saved means that checkpoint.bin holds the
// state.
func NewSaves(store Store, notify func(...string), step int, saved bool) Saves {
	s := Saves{store: store, notify: notify}
	s.newest.step, s.newest.current, s.written.checkpoint = step, saved, saved
	return s
}

// Outdate marks the newest snapshot as older than the run.
func (s *Saves) Outdate() { s.newest.current = false }

// Due reports whether to save after a step. It is true if a multiple of every has been passed since
// the newest snapshot and no write is under way, so that the training need not wait. It is false if
// every is 0.
func (s *Saves) Due(step, every int) bool {
	return every > 0 && step/every > s.newest.step/every && !s.newest.writing
}

// Save waits for the save before, then begins to save the state.
func (s *Saves) Save(p *Progress, best bool) error {
	s.Settle(true)
	if err := s.store.Save(p, best); err != nil {
		return err
	}
	s.newest.step, s.newest.current, s.newest.best, s.newest.writing = p.Step, true, best, true
	return nil
}

// Settle records the result of the save under way, if it has ended. With wait it waits for the end.
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

// Begin saves the state before the first step, unless it is saved. The run must not begin on an
// error.
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

// MendedBest records the results of Writer.MendBest.
func (s *Saves) MendedBest(there bool, err error) { s.written.best, s.last.Best = there, err }

// Finish saves the state at the end of a run, unless it is saved, and waits until it is written.
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

// Incomplete returns the errors of files that are not up to date, or nil.
func (s *Saves) Incomplete() error {
	if same(s.last.Checkpoint, s.last.Best) {
		return s.last.Checkpoint
	}
	return errors.Join(s.last.Checkpoint, s.last.Best)
}

// Written reports which of the run's files exist; best.bin counts only with the weights of the best
// epoch.
func (s *Saves) Written() (checkpoint, best bool) { return s.written.checkpoint, s.written.best }

// same reports whether two errors have the same text.
func same(a, b error) bool { return a != nil && b != nil && a.Error() == b.Error() }
