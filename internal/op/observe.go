package op

import "time"

// The passes of a layer. Those without weights know two of them.
const (
	Forward        = "forward"
	InputGradient  = "input gradient"
	WeightGradient = "weight gradient"
)

// Timing is how long one pass of one layer took. Algorithm says how it was computed, where
// there is a choice; else it is empty.
type Timing struct {
	Layer     string // by SetLayer
	Pass      string
	Algorithm string
	Took      time.Duration
}

// Observe has f told of every pass from now on, as it ends, on the goroutine that runs it; nil
// ends that. Without an observer no time is taken.
func (g *Graph) Observe(f func(Timing)) { g.observer = f }

// clock is when a pass begins, if anybody wants to know.
func (o *operation) clock() time.Time {
	if o.graph.observer == nil {
		return time.Time{}
	}
	return time.Now()
}

// report tells the observer of a pass that began at start, and has just ended.
func (o *operation) report(pass string, algorithm string, start time.Time) {
	if o.graph.observer != nil && pass != "" && !start.IsZero() {
		o.graph.observer(Timing{Layer: o.layer, Pass: pass, Algorithm: algorithm, Took: time.Since(start)})
	}
}
