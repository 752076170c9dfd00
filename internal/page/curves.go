package page

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/dustin/go-humanize"
)

// Classes of series in page.css.
const (
	classBatch = "batch" // thin: every step
	classTrain = "train"
	classVal   = "val"
	classOther = "other"
)

// charts are the curves of the run.
func (p *Page) charts() []chart {
	if len(p.History) == 0 && len(p.Curve) < 2 {
		return nil
	}
	c := curves{epochs: p.axisEpochs(), perEpoch: p.perEpoch(), history: thinned(p.History, maxPoints), curve: thinned(p.Curve, maxPoints)}
	list := []chart{c.loss()}
	if len(p.History) > 0 {
		list = append(list, c.accuracy(p.best()))
	}
	list = append(list, c.learningRate())
	if len(p.History) > 0 {
		list = append(list, c.speed())
	}
	return list
}

// curves are what charts are made of: lines of not too many points.
type curves struct {
	epochs   float64 // that the axis ends at
	perEpoch float64 // steps
	history  []Epoch
	curve    []Point
}

// axisEpochs is what the curves' axis ends at: all that a run that is on is going to do, or what
// one that has ended has done.
func (p *Page) axisEpochs() float64 {
	done := float64(p.Progress.Step)
	for _, e := range p.History {
		done = max(done, float64(e.Steps))
	}
	for _, s := range p.Curve {
		done = max(done, float64(s.Step))
	}
	if p.State == Running {
		done = max(done, float64(p.Progress.Steps))
	}
	return max(done, 1) / p.perEpoch()
}

func (p *Page) perEpoch() float64 { return float64(max(p.Progress.StepsPerEpoch, 1)) }

// at is a step's place on the axis, 0 to 1.
func (c *curves) at(step int) float64 {
	return float64(step) / c.perEpoch / c.epochs
}

// byEpoch is a series of the history.
func (c *curves) byEpoch(name, class string, value func(Epoch) float64) series {
	s := series{name: name, class: class}
	for _, e := range c.history {
		s.x, s.y = append(s.x, c.at(e.Steps)), append(s.y, value(e))
	}
	return s
}

// byStep is a series of the steps.
func (c *curves) byStep(name, class string, value func(Point) float64) series {
	s := series{name: name, class: class}
	for _, p := range c.curve {
		s.x, s.y = append(s.x, c.at(p.Step)), append(s.y, value(p))
	}
	return s
}

// maxPoints bounds the points of a line.
const maxPoints = 500

// thinned returns at most most of the items, evenly, the last among them.
func thinned[T any](items []T, most int) []T {
	if len(items) <= most {
		return items
	}
	every := (len(items) + most - 1) / most
	var kept []T
	for i := (len(items) - 1) % every; i < len(items); i += every {
		kept = append(kept, items[i])
	}
	return kept
}

func (c *curves) loss() chart {
	batch := c.byStep("training, batch", classBatch, func(p Point) float64 { return p.Loss })
	train := c.byEpoch("training, epoch", classTrain, func(e Epoch) float64 { return e.TrainLoss })
	val := c.byEpoch("validation", classVal, func(e Epoch) float64 { return e.ValLoss })
	y, ticks := niceAxis(0, c.highLoss(batch.y, train.y, val.y), 5)
	all := []series{batch, train, val}
	var samples []sample
	if len(batch.x) > 0 {
		for _, p := range c.curve {
			samples = append(samples, c.lossAt(y, p))
		}
	} else {
		samples = c.epochSamples(y, "%.4f", []series{batch, train, val})
	}
	summary := "Loss over the epochs."
	if n := len(c.history); n > 0 {
		summary += fmt.Sprintf(" After epoch %d: training %s, validation %s.", c.history[n-1].Epoch,
			number("%.4f", c.history[n-1].TrainLoss), number("%.4f", c.history[n-1].ValLoss))
	}
	return c.chart("loss", "Loss", summary, y, ticks, all, samples)
}

// highLoss is what the axis of losses has to reach. Of some epochs these alone count: the first steps
// leave the chart at its top, and training and validation can be told apart. A training that diverges
// leaves it at twice the loss that it began with.
func (c *curves) highLoss(batch, train, val []float64) float64 {
	high := max(top(train), top(val), usual(batch))
	if len(c.history) >= 5 {
		high = 1.1 * max(top(train), top(val))
	}
	for _, loss := range slices.Concat(batch, train) {
		if finite(loss) {
			if loss > 0 {
				high = min(high, 2*loss)
			}
			break
		}
	}
	return high
}

// lossAt is what the loss chart shows at a step: its loss, and those of the epoch that it is in.
func (c *curves) lossAt(y axis, p Point) sample {
	x := c.at(p.Step)
	s := sample{
		X:     hundredths(100 * x),
		Label: p.label(),
		At:    []*sampleSpot{spot(y, x, p.Loss, number("%.4f", p.Loss)), nil, nil},
	}
	i, found := slices.BinarySearchFunc(c.history, p.Epoch, func(e Epoch, n int) int { return e.Epoch - n })
	if found {
		e := c.history[i]
		s.At[1] = spot(y, c.at(e.Steps), e.TrainLoss, number("%.4f", e.TrainLoss))
		s.At[2] = spot(y, c.at(e.Steps), e.ValLoss, number("%.4f", e.ValLoss))
	}
	return s
}

func (c *curves) accuracy(best Epoch) chart {
	s := c.byEpoch("validation", classVal, func(e Epoch) float64 { return e.ValAccuracy })
	low, high := best.ValAccuracy, best.ValAccuracy // which s may leave out
	for _, v := range s.y {
		low, high = min(low, v), max(high, v)
	}
	y, ticks := niceAxis(max(low-0.02, 0), min(high+0.02, 1), 5)
	summary := fmt.Sprintf("Validation accuracy over the epochs. Best %s in epoch %d.", number("%.4f", best.ValAccuracy), best.Epoch)
	made := c.chart("accuracy", "Accuracy", summary, y, ticks, []series{s}, c.epochSamples(y, "%.4f", []series{s}))
	made.Note = fmt.Sprintf("best %s in epoch %d", number("%.4f", best.ValAccuracy), best.Epoch)
	made.Lines[0].Best = &dot{percent(c.at(best.Steps)), percent(1 - y.at(best.ValAccuracy))}
	return made
}

// best is the first of the epochs with the highest accuracy.
func (p *Page) best() Epoch {
	var best Epoch
	for i, e := range p.History {
		if i == 0 || e.ValAccuracy > best.ValAccuracy {
			best = e
		}
	}
	return best
}

func (c *curves) learningRate() chart {
	s := c.byStep("learning rate", classOther, func(p Point) float64 { return p.LR })
	label := c.stepLabel
	if len(s.x) == 0 {
		s, label = c.byEpoch("learning rate", classOther, func(e Epoch) float64 { return e.LR }), c.epochLabel
	}
	y, ticks := niceAxis(0, top(s.y), 4)
	var samples []sample
	for i, x := range s.x {
		samples = append(samples, sample{hundredths(100 * x), label(i), []*sampleSpot{spot(y, x, s.y[i], number("%.4g", s.y[i]))}})
	}
	return c.chart("lr", "Learning rate", "Learning rate over the epochs.", y, ticks, []series{s}, samples)
}

func (c *curves) speed() chart {
	s := c.byEpoch("training", classOther, func(e Epoch) float64 { return e.ImagesPerSecond })
	y, ticks := niceAxis(0, top(s.y), 5)
	return c.chart("speed", "Images a second", "Images trained on a second, by epoch.", y, ticks, []series{s}, c.epochSamples(y, "%.0f", []series{s}))
}

// stepLabel names the i-th point of a series by step.
func (c *curves) stepLabel(i int) string { return c.curve[i].label() }

func (p Point) label() string {
	return fmt.Sprintf("epoch %d · step %s", p.Epoch, humanize.Comma(int64(p.Step)))
}

// epochLabel names the i-th point of a series by epoch.
func (c *curves) epochLabel(i int) string {
	return "epoch " + strconv.Itoa(c.history[i].Epoch)
}

// epochSamples are the samples of series by epoch; one without points has none in them.
func (c *curves) epochSamples(y axis, format string, all []series) []sample {
	var samples []sample
	for i := range c.history {
		s := sample{Label: c.epochLabel(i)}
		for _, one := range all {
			if len(one.x) == 0 {
				s.At = append(s.At, nil)
				continue
			}
			s.X = hundredths(100 * one.x[i])
			s.At = append(s.At, spot(y, one.x[i], one.y[i], number(format, one.y[i])))
		}
		samples = append(samples, s)
	}
	return samples
}

func (c *curves) chart(id, title, summary string, y axis, ticks []float64, all []series, samples []sample) chart {
	made := chart{ID: id, Title: title, Summary: summary, Unit: "epochs", Axis: "epoch", X: wholeTicks(c.epochs), Y: verticalTicks(y, ticks), Samples: marshal(samples)}
	if c.epochs < 1 {
		made.Unit, made.Axis, made.X = "steps of the first epoch", "step", wholeTicks(c.epochs*c.perEpoch)
	}
	for i := range all {
		made.Lines = append(made.Lines, all[i].draw(y))
	}
	return made
}

// top is the largest finite value, 0 if there is none above it.
func top(values []float64) float64 {
	high := 0.0
	for _, v := range values {
		if finite(v) {
			high = max(high, v)
		}
	}
	return high
}

// usual is the largest value, or less if some stand out: a loss that explodes leaves the plot rather
// than making a flat line of all before it. The first value is always in it.
func usual(values []float64) float64 {
	var sorted []float64
	for _, v := range values {
		if finite(v) {
			sorted = append(sorted, v)
		}
	}
	if len(sorted) == 0 {
		return 0
	}
	first := sorted[0]
	slices.Sort(sorted)
	return min(sorted[len(sorted)-1], max(first, 2*sorted[len(sorted)/2]))
}

// number formats a number; what is not finite is a dash.
func number(format string, x float64) string {
	if !finite(x) {
		return "–"
	}
	return fmt.Sprintf(format, x)
}
