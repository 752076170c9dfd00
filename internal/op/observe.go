package op

import "time"

// The passes of a layer. Those without weights know two of them.
const (
	Forward        = "forward"
	InputGradient  = "input gradient"
	WeightGradient = "weight gradient"
)

// Timing is how long one pass of one layer took. Algorithm is empty where there is no choice.
type Timing struct {
	Layer     string // by SetLayer
	Pass      string
	Algorithm string
	Took      time.Duration
}

// Observe calls f after each pass from now on, on the goroutine that runs it. A nil f ends that.
func (g *Graph) Observe(f func(Timing)) { g.observer = f }

// clock returns the time, or zero without an observer.
func (o *operation) clock() time.Time {
	if o.graph.observer == nil {
		return time.Time{}
	}
	return time.Now()
}

// report tells the observer of a pass that began at start and ends now.
func (o *operation) report(pass string, algorithm string, start time.Time) {
	if o.graph.observer != nil && pass != "" && !start.IsZero() {
		o.graph.observer(Timing{Layer: o.layer, Pass: pass, Algorithm: algorithm, Took: time.Since(start)})
	}
}
