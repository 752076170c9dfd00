package train

import (
	"errors"

	"vggtrain/internal/record"
	"vggtrain/internal/trained"
)

// Observer receives a run's events, on the run's goroutine and in this order: Begin, then Step and
// Epoch as they end and Notice in between, then End. An error of Begin ends the run; End is called
// all the same, for all whose Begin was called. An error of Step or Epoch is a notice to the user,
// once, and the run goes on; one of End makes its result Incomplete. An observer's own notices go to
// Plan.Notify, which passes them to all observers.
type Observer interface {
	Begin(Plan) error
	Step(record.Step) error
	Epoch(record.Epoch, *trained.Evaluation) error // the evaluation is not to be changed
	Notice(text string)                            // one line for the user
	End(Result) error
}

// Base is an Observer that does nothing. Observers embed it for the methods that they do not need.
type Base struct{}

func (Base) Begin(Plan) error                              { return nil }
func (Base) Step(record.Step) error                        { return nil }
func (Base) Epoch(record.Epoch, *trained.Evaluation) error { return nil }
func (Base) Notice(string)                                 {}
func (Base) End(Result) error                              { return nil }

// observers passes each event to all observers, in their order.
type observers struct {
	all     []Observer
	told    map[string]bool // what observers have had to say
	notices []string        // that all were given
}

func newObservers(all ...Observer) observers { return observers{all: all, told: map[string]bool{}} }

// begin begins each in turn. If one fails, the observers after it receive nothing, not even End.
func (o *observers) begin(p Plan) error {
	p.Notify = func(text string) { o.once(text, text) }
	for i, each := range o.all {
		if err := each.Begin(p); err != nil {
			o.all = o.all[:i+1]
			return err
		}
	}
	return nil
}

func (o *observers) step(r record.Step) {
	for _, each := range o.all {
		o.take(each.Step(r))
	}
}

func (o *observers) epoch(r record.Epoch, e *trained.Evaluation) {
	for _, each := range o.all {
		o.take(each.Epoch(r, e))
	}
}

// take turns an observer's error into a notice. It does not end the run: the run's state is
// elsewhere.
func (o *observers) take(err error) {
	if err != nil {
		o.once(err.Error(), err.Error()+"; the run goes on")
	}
}

// once gives a notice, once for each trouble.
func (o *observers) once(trouble, text string) {
	if !o.told[trouble] {
		o.told[trouble] = true
		o.notice(text)
	}
}

func (o *observers) notice(lines ...string) {
	o.notices = append(o.notices, lines...)
	for _, text := range lines {
		for _, each := range o.all {
			each.Notice(text)
		}
	}
}

// end ends all observers, even if one fails, and joins their errors.
func (o *observers) end(r Result) error {
	var all []error
	for _, each := range o.all {
		all = append(all, each.End(r))
	}
	return errors.Join(all...)
}

// Plan describes a run before its first step.
type Plan struct {
	record.Facts
	StepsDone int            // by the run that this one resumes; 0 for a new one
	Finished  bool           // the resumed run has nothing left to do
	Noticed   []string       // notices that the user has seen, the resumed run's among them
	History   []record.Epoch // of it

	Rate   func(step int) float64 // the learning rate of a step, from 1
	Notify func(text string)      // passes an observer's notice to all observers, once
}

// Status is the outcome of a run.
type Status string

// The outcomes of a run. With Failed, Run returns an error too.
const (
	Done        Status = "done"
	Diverged    Status = "diverged"    // the loss or a weight is NaN or infinite
	Interrupted Status = "interrupted" // its context was cancelled; the state is saved
	Failed      Status = "failed"
)

// Result is the result of a run. Unknown numbers, such as the accuracy before any evaluation, are
// NaN, unknown epochs 0 and unknown paths "".
type Result struct {
	record.Facts
	Status          Status
	Advice          string // what to do about a divergence, one line
	Incomplete      error  // files of the run that could not be written; the training is not affected
	EpochsDone      int    // evaluated: the rows of metrics.csv
	StepsDone       int    // the lines of steps.jsonl
	TrainLoss       float64
	ValLoss         float64
	ValAccuracy     float64
	BestValAccuracy float64
	BestEpoch       int
	TestLoss        float64 // of the best epoch's weights on the test set apart; NaN: it has none, or the run is not done
	TestAccuracy    float64 // likewise
	ImagesPerSecond float64 // of training alone, over the whole run
	Seconds         float64 // wall time
	PeakRSSBytes    int64
	Checkpoint      string // path of the newest checkpoint
	Best            string // path of the weights of the best epoch
	Notices         []string
}
