package report

import "time"

// drawShare bounds the part of a run's time that drawing takes: one in drawShare.
const drawShare = 20

// throttle keeps some work from taking more than its share of a run's time.
type throttle struct {
	now   func() time.Time
	ended time.Time     // of the last work
	cost  time.Duration // of it
}

// due tells whether it is time for the work again, at the earliest after least.
func (t *throttle) due(least time.Duration) bool {
	return t.now().Sub(t.ended) >= max(least, drawShare*t.cost)
}

// timed does the work.
func (t *throttle) timed(work func() error) error {
	start := t.now()
	err := work()
	t.ended = t.now()
	t.cost = t.ended.Sub(start)
	return err
}
