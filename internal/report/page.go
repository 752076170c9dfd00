package report

import (
	"cmp"
	"runtime"
	"slices"
	"time"

	"vggtrain/internal/page"
	"vggtrain/internal/record"
	"vggtrain/internal/rundir"
	"vggtrain/internal/train"
	"vggtrain/internal/trained"
)

// Page keeps a run's report.html: written as the run begins, as epochs end, now and then between,
// and as the run ends, however it does.
type Page struct {
	dir     *rundir.Dir
	job     *train.Job
	version string
	notice  func(string)
	now     func() time.Time

	plan    train.Plan
	history *history // nil before Begin
	pace    pace
	images  int     // trained by this process
	seconds float64 // that they took

	shown    page.Page
	pictures pictures
	epoch    int                 // that was evaluated last
	newest   *trained.Evaluation // of it; nil: the page shows it

	written time.Time     // when the last writing ended
	cost    time.Duration // of it, and of the pictures that were made for it
	told    string        // the trouble that the user knows of
}

// renewEvery is the least time between two pages of the same epoch.
const renewEvery = time.Minute

// NewPage returns an observer that writes to the folder of a job's run. version is this program's;
// notice receives what the user should know.
func NewPage(dir *rundir.Dir, job *train.Job, version string, notice func(string)) *Page {
	return &Page{dir: dir, job: job, version: version, notice: notice, now: time.Now}
}

// Begin writes a page that says that the run is on. What the page of a run that this one resumes
// says of its last evaluation stays until there is another; all of it does if nothing is left to do.
func (p *Page) Begin(plan train.Plan) (err error) {
	if plan.Finished {
		if begin, _ := p.dir.ReadReport(); page.Concluded(begin) { // one that cannot be read can be replaced
			return nil
		}
	}
	p.plan, p.pace = plan, newPace(plan, p.now)
	if p.history, err = newHistory(plan, p.dir); err != nil {
		p.notice(err.Error() + "; the page's curves begin here") // a page is no reason to end a run
	}
	p.fill()
	p.shown.Notices = slices.Clone(plan.Noticed)
	work := p.write
	if plan.StepsDone > 0 {
		work = p.takeUp
	}
	p.tell(p.charged(work))
	return nil
}

// charged does work for a page and keeps how long it takes: no more is done, but for the run's last
// page, before drawShare times as long has passed. What a page and the pictures before it leave behind
// is collected, which takes a millisecond: beside the buffers of a training, hundreds of megabytes
// without a pointer, it would lie about until there is as much of it.
func (p *Page) charged(work func() error) error {
	if p.dir.Held() != nil { // the folder is not the run's any more, of which others tell
		return nil
	}
	start := p.now()
	err := work()
	runtime.GC()
	p.written = p.now()
	p.cost = p.written.Sub(start)
	return err
}

// takeUp writes the page of a run that goes on with another.
func (p *Page) takeUp() (err error) {
	if s := readScore(p.dir, p.job, len(p.history.Epochs)); s != nil {
		if p.shown.Score, err = s.shown(p.job, &p.pictures.painter); err != nil {
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
	p.pace.stepped(r)
	p.images += r.Images
	p.seconds += r.Seconds
	if p.now().Sub(p.written) < max(renewEvery, drawShare*p.cost) {
		return nil
	}
	return p.fresh(p.charged(p.write))
}

// Epoch shows what the evaluation has found and what the network looks like now, if the last page
// is long enough ago.
func (p *Page) Epoch(r record.Epoch, e *trained.Evaluation) error {
	p.history.epoch(r)
	p.pace.epoch(r)
	p.epoch, p.newest = r.Epoch, e
	if p.now().Sub(p.written) < drawShare*p.cost {
		return nil
	}
	return p.fresh(p.charged(p.renew))
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
	s := newScore(p.job, p.epoch, p.newest)
	if p.shown.Score, err = s.shown(p.job, &p.pictures.painter); err != nil {
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
	if p.shown.Filters, err = p.pictures.filters(p.job); err != nil {
		return err
	}
	p.shown.Maps, err = p.pictures.maps(p.job)
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

// fresh is an error for the run to tell the user, nil if it is told already.
func (p *Page) fresh(err error) error {
	if err == nil || err.Error() == p.told {
		return nil
	}
	p.told = err.Error()
	return err
}

// tell gives the user an error that is not told yet.
func (p *Page) tell(err error) {
	if err := p.fresh(err); err != nil {
		p.notice(err.Error())
	}
}
