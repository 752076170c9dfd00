package report

import (
	"runtime"
	"time"

	"vggtrain/internal/rundir"
	"vggtrain/internal/train"
)

// drawing is what Curves and Page have in common: a file that shows a run's history, whose drawing takes
// no more than its share of the run's time.
type drawing struct {
	dir     *rundir.Dir
	now     func() time.Time
	plan    train.Plan
	history *history      // nil before Begin
	ended   time.Time     // of the last drawing
	cost    time.Duration // of it
}

// drawShare bounds the part of a run's time that drawing takes: one in drawShare.
const drawShare = 20

// begin reads the steps in the folder of a resumed run.
func (d *drawing) begin(p train.Plan, without string) {
	var err error
	d.plan = p
	if d.history, err = newHistory(p, d.dir); err != nil {
		p.Notify(err.Error() + "; " + without)
	}
}

// due tells whether it is time to draw again, at the earliest after least.
func (d *drawing) due(least time.Duration) bool {
	return d.now().Sub(d.ended) >= max(least, drawShare*d.cost)
}

// timed draws, unless the folder is no longer the run's: others tell that. It forces a garbage
// collection, which takes a millisecond: the heap is a training's buffers, without pointers, and the
// next collection could be hundreds of megabytes away.
func (d *drawing) timed(draw func() error) error {
	if d.dir.Held() != nil {
		return nil
	}
	start := d.now()
	err := draw()
	runtime.GC()
	d.ended = d.now()
	d.cost = d.ended.Sub(start)
	return err
}

// tell gives notice of an error: a picture is no reason to end a run, and nothing is lost that other
// files do not hold.
func (d *drawing) tell(err error) {
	if err != nil {
		d.plan.Notify(err.Error())
	}
}
