package runstate

import "errors"

// Saves is what a run knows about its saves. Those that fail do not end it: the next one may
// succeed, and the checkpoint before stays whole.
type Saves struct {
	store  Store
	notice func(string)

	At         int   // step of the newest snapshot
	Fresh      bool  // nothing has happened since that snapshot
	hasBest    bool  // it was to be written as the best too
	Busy       bool  // it is being written
	failed     error // of the newest checkpoint; nil: it is whole
	behind     error // why records were not flushed before it; their observer knows whether they are in the end
	BestFailed error // why the best weights are not in their file; nil: they are, or there are none
}

// NewSaves returns the saves of a run after a step. fresh says that the store has its state.
func NewSaves(store Store, notice func(string), at int, fresh bool) Saves {
	return Saves{store: store, notice: notice, At: at, Fresh: fresh}
}

// Save begins to save the state, once the save before has ended.
func (s *Saves) Save(p *Progress, best bool) error {
	s.Settle(true)
	if err := s.store.Save(p, best); err != nil {
		return err
	}
	s.At, s.Fresh, s.hasBest, s.Busy = p.Step, true, best, true
	return nil
}

// Settle takes note of how the save under way has ended; with wait, once it has.
func (s *Saves) Settle(wait bool) {
	if !s.Busy {
		return
	}
	how, ended := s.store.Ended(wait)
	if !ended {
		return
	}
	s.Busy = false
	s.tell(how.Records, s.behind)
	s.tell(how.Checkpoint, s.failed)
	s.behind, s.failed = how.Records, how.Checkpoint
	if how.HasBest {
		if !same(how.Best, how.Checkpoint) {
			s.tell(how.Best, s.BestFailed)
		}
		s.BestFailed = how.Best
	}
}

// tell tells of a failure, once as long as it stays the same.
func (s *Saves) tell(now, before error) {
	if now == nil || same(now, before) {
		return
	}
	s.notice(now.Error() + "; training continues, and what was saved before is untouched")
}

// Begin saves the state of a run before its first step. It cannot begin if that fails.
func (s *Saves) Begin(p *Progress) error {
	if err := s.store.Save(p, false); err != nil {
		return err
	}
	how, _ := s.store.Ended(true)
	if how.Checkpoint == nil {
		s.At, s.Fresh = p.Step, true
	}
	return how.Checkpoint
}

// Finish saves the state of a run that ends, unless the newest checkpoint has it already, and
// waits until it is written.
func (s *Saves) Finish(p *Progress) error {
	s.Settle(true)
	if s.Fresh && s.failed == nil && (s.BestFailed == nil || !s.hasBest) {
		return nil
	}
	if err := s.Save(p, s.Fresh && s.hasBest && s.BestFailed != nil); err != nil {
		return err
	}
	s.Settle(true)
	return nil
}

// Incomplete says what is missing of what should be saved.
func (s *Saves) Incomplete() error {
	if same(s.failed, s.BestFailed) {
		return s.failed
	}
	return errors.Join(s.failed, s.BestFailed)
}

// same tells whether two errors say the same.
func same(a, b error) bool { return a != nil && b != nil && a.Error() == b.Error() }
