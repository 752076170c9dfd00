package report

import (
	"cmp"
	"runtime"
	"slices"
	"time"

	"vggtrain/dataset"
	"vggtrain/internal/pace"
	"vggtrain/internal/page"
	"vggtrain/internal/record"
	"vggtrain/internal/rundir"
	"vggtrain/internal/train"
	"vggtrain/internal/trained"
	"vggtrain/model"
)

// Page keeps a run's report.html: written as the run begins, as epochs end, now and then between,
// and as the run ends, however it does.
type Page struct {
	throttle
	dir     *rundir.Dir
	version string

	plan    train.Plan
	history *history // nil before Begin
	pace    pace.Pace
	images  int     // trained by this process
	seconds float64 // that they took

	shown    page.Page
	pictures pictures
	epoch    int                 // that was evaluated last
	newest   *trained.Evaluation // of it; nil: the page shows it
}

// renewEvery is the least time between two pages of the same epoch.
const renewEvery = time.Minute

// NewPage returns an observer that writes to a run's folder, and looks into the network that is
// trained, with the images that it is scored on. version is this program's.
func NewPage(dir *rundir.Dir, network *trained.Network, scored dataset.Source, workers *model.Workers, version string) *Page {
	return &Page{
		dir: dir, version: version, throttle: throttle{now: time.Now},
		pictures: pictures{network: network, scored: scored, workers: workers},
	}
}

// Begin writes a page that says that the run is on. What the page of a run that this one resumes
// says of its last evaluation stays until there is another; all of it does if nothing is left to do.
func (p *Page) Begin(plan train.Plan) (err error) {
	if plan.Finished {
		if begin, _ := p.dir.ReadReport(); page.Concluded(begin) { // one that cannot be read can be replaced
			return nil
		}
	}
	p.plan, p.pace = plan, pace.New(plan, p.now)
	p.shown.Notices = slices.Concat(plan.Noticed, p.shown.Notices) // those of other observers that have begun
	if p.history, err = newHistory(plan, p.dir); err != nil {
		plan.Notify(err.Error() + "; the page's curves begin here") // a page is no reason to end a run
	}
	p.pictures.set = scoredSet(plan)
	p.fill()
	work := p.write
	if plan.StepsDone > 0 {
		work = p.takeUp
	}
	p.tell(p.charged(work))
	return nil
}

// charged does work for a page and counts its time. It forces a garbage collection, which takes a
// millisecond: the heap is a training's buffers, without pointers, and the next collection could be
// hundreds of megabytes away.
func (p *Page) charged(work func() error) error {
	if p.dir.Held() != nil { // the folder is no longer the run's: others tell that
		return nil
	}
	return p.timed(func() error {
		defer runtime.GC()
		return work()
	})
}

// takeUp writes the page of a run that goes on with another.
func (p *Page) takeUp() (err error) {
	if s := readScore(p.dir, p.pictures.network.Classes, p.plan.ValImages, len(p.history.Epochs)); s != nil {
		if p.shown.Score, err = p.pictures.score(s); err != nil {
			return err
		}
	}
	if err := p.look(); err != nil {
		return err
	}
	return p.write()
}

// Step renews the page if it has become old.
func (p *Page) Step(r record.Step) error {
	p.history.step(r)
	p.pace.AddStep(r)
	p.images += r.Images
	p.seconds += r.Seconds
	if !p.due(renewEvery) {
		return nil
	}
	return p.charged(p.write)
}

// Epoch shows what the evaluation has found and what the network looks like now, if the last page
// is long enough ago.
func (p *Page) Epoch(r record.Epoch, e *trained.Evaluation) error {
	p.history.epoch(r)
	p.pace.AddEpoch(r)
	p.epoch, p.newest = r.Epoch, e
	if !p.due(0) {
		return nil
	}
	return p.charged(p.renew)
}

// maxNotices bounds the notices on the page.
const maxNotices = 20

// Notice puts a line for the user on the next page.
func (p *Page) Notice(text string) {
	if len(p.shown.Notices) < maxNotices {
		p.shown.Notices = append(p.shown.Notices, text)
	}
}

// End writes how the run has ended. That this fails is a notice: nothing is lost that other files
// do not hold.
func (p *Page) End(r train.Result) error {
	if p.history == nil {
		return nil
	}
	p.conclude(r)
	p.tell(p.charged(p.renew))
	return nil
}

// renew shows the newest evaluation and writes the page.
func (p *Page) renew() (err error) {
	if p.newest == nil {
		return p.write()
	}
	s := newScore(p.pictures.network.Classes, p.epoch, p.newest)
	if p.shown.Score, err = p.pictures.score(s); err != nil {
		return err
	}
	p.newest = nil
	if p.shown.State != page.Diverged { // its weights may be no numbers
		if err := p.look(); err != nil {
			return err
		}
	}
	return cmp.Or(s.write(p.dir), p.write())
}

// look takes pictures of the network as it is.
func (p *Page) look() (err error) {
	if p.shown.Filters, err = p.pictures.filters(); err != nil {
		return err
	}
	p.shown.Maps, err = p.pictures.maps()
	return err
}

// write writes the page as the run is now.
func (p *Page) write() error {
	p.update()
	html, err := p.shown.Render()
	if err != nil {
		return err
	}
	return p.dir.WriteReport(html)
}

// tell gives notice of an error: a page is no reason to end a run.
func (p *Page) tell(err error) {
	if err != nil {
		p.plan.Notify(err.Error())
	}
}
