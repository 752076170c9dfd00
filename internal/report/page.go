package report

import (
	"cmp"
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
	drawing
	version string
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
		drawing: drawing{dir: dir, now: time.Now}, version: version,
		pictures: pictures{network: network, scored: scored, workers: workers},
	}
}

// Begin writes a page that says that the run is on. What the page of a run that this one resumes
// says of its last evaluation stays until there is another; all of it does if nothing is left to do.
func (p *Page) Begin(plan train.Plan) error {
	if plan.Finished {
		if begin, _ := rundir.Head(p.dir.Report(), 4<<10); page.Concluded(begin) { // one that cannot be read can be replaced
			return nil
		}
	}
	p.pace = pace.New(plan, p.now)
	p.shown.Notices = slices.Concat(plan.Noticed, p.shown.Notices) // those of other observers that have begun
	p.begin(plan, "the page's curves begin here")
	p.pictures.set = scoredSet(plan)
	p.fill()
	work := p.write
	if plan.StepsDone > 0 {
		work = p.takeUp
	}
	p.tell(p.timed(work))
	return nil
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
	return p.timed(p.write)
}

// Epoch shows what the evaluation has found and what the network looks like now, if the last page
// is long enough ago.
func (p *Page) Epoch(r record.Epoch, e *trained.Evaluation) error {
	p.history.Epochs = append(p.history.Epochs, r)
	p.pace.AddEpoch(r)
	p.epoch, p.newest = r.Epoch, e
	if !p.due(0) {
		return nil
	}
	return p.timed(p.renew)
}

// maxNotices bounds the notices on the page.
const maxNotices = 20

// Notice puts a line for the user on the next page.
func (p *Page) Notice(text string) {
	if len(p.shown.Notices) < maxNotices {
		p.shown.Notices = append(p.shown.Notices, text)
	}
}

// End writes how the run has ended. That this fails is a notice.
func (p *Page) End(r train.Result) error {
	if p.history == nil {
		return nil
	}
	p.conclude(r)
	p.tell(p.timed(p.renew))
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
	return p.dir.Write(p.dir.Report(), html)
}
