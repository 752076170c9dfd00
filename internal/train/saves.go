package train

import "errors"

// saves is what a run knows about its saves. Those that fail do not end it: the next one may
// succeed, and the checkpoint before stays whole.
type saves struct {
	store  Store
	notice func(string)

	at         int   // step of the newest snapshot
	fresh      bool  // nothing has happened since that snapshot
	hasBest    bool  // it was to be written as the best too
	busy       bool  // it is being written
	failed     error // of the newest checkpoint; nil: it is whole
	behind     error // why records were not flushed before it; their observer knows whether they are in the end
	bestFailed error // why the best weights are not in their file; nil: they are, or there are none
}

// save begins to save the state, once the save before has ended.
func (s *saves) save(p *Progress, best bool) error {
	s.settle(true)
	if err := s.store.Save(p, best); err != nil {
		return err
	}
	s.at, s.fresh, s.hasBest, s.busy = p.Step, true, best, true
	return nil
}

// settle takes note of how the save under way has ended; with wait, once it has.
func (s *saves) settle(wait bool) {
	if !s.busy {
		return
	}
	how, ended := s.store.Ended(wait)
	if !ended {
		return
	}
	s.busy = false
	s.tell(how.records, s.behind)
	s.tell(how.checkpoint, s.failed)
	s.behind, s.failed = how.records, how.checkpoint
	if how.hasBest {
		if !same(how.best, how.checkpoint) {
			s.tell(how.best, s.bestFailed)
		}
		s.bestFailed = how.best
	}
}

// tell tells of a failure, once as long as it stays the same.
func (s *saves) tell(now, before error) {
	if now == nil || same(now, before) {
		return
	}
	s.notice(now.Error() + "; training continues, and what was saved before is untouched")
}

// begin saves the state of a run before its first step. It cannot begin if that fails.
func (s *saves) begin(p *Progress) error {
	if err := s.store.Save(p, false); err != nil {
		return err
	}
	how, _ := s.store.Ended(true)
	if how.checkpoint == nil {
		s.at, s.fresh = p.Step, true
	}
	return how.checkpoint
}

// finish saves the state of a run that ends, unless the newest checkpoint has it already, and
// waits until it is written. incomplete says what could not be saved.
func (s *saves) finish(p *Progress) (incomplete, err error) {
	s.settle(true)
	if !s.fresh || s.failed != nil || s.bestFailed != nil && s.hasBest {
		again := s.fresh && s.hasBest && s.bestFailed != nil
		if err := s.save(p, again); err != nil {
			return nil, err
		}
		s.settle(true)
	}
	return s.incomplete(), nil
}

// incomplete says what is missing of what should be saved.
func (s *saves) incomplete() error {
	if same(s.failed, s.bestFailed) {
		return s.failed
	}
	return errors.Join(s.failed, s.bestFailed)
}

// same tells whether two errors say the same.
func same(a, b error) bool { return a != nil && b != nil && a.Error() == b.Error() }
