package report

import (
	"cmp"
	"math"
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

// Page keeps a run's report.html. It is written at the begin, after epochs and now and then between
// (throttled), and at any end.
type Page struct {
	drawing
	version string
	pace    pace.Pace
	images  int     // trained by this process
	seconds float64 // that they took

	shown    page.Page
	places   places
	pictures pictures
	tested   tested              // of the test set apart; NaN: not known
	epoch    int                 // that was evaluated last
	newest   *trained.Evaluation // of it; nil: the page shows it
}

// tested is the score of the test set apart.
type tested struct{ loss, accuracy float64 }

// renewEvery is the least time between two pages of the same epoch.
const renewEvery = time.Minute

// NewPage returns an observer that writes to a run's folder. It runs the network on images of scored,
// for the page's pictures. version is the program's.
func NewPage(dir *rundir.Dir, network *trained.Network, scored dataset.Source, workers *model.Workers, version string) *Page {
	return &Page{
		drawing: drawing{dir: dir, now: time.Now}, version: version, tested: tested{math.NaN(), math.NaN()},
		pictures: pictures{network: network, scored: scored, workers: workers},
	}
}

// Begin writes the page of a run under way. In a resumed run the last evaluation stays on it until
// the next one; if nothing is left to do, the whole page stays.
func (p *Page) Begin(plan train.Plan) error {
	if plan.Finished {
		if begin, _ := rundir.Head(p.dir.Report(), 4<<10); page.Concluded(begin) { // one that cannot be read can be replaced
			return nil
		}
	}
	p.pace = pace.New(plan, p.now)
	p.shown.Notices = slices.Concat(plan.Noticed, p.shown.Notices) // other observers' from their Begin
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

// Step rewrites the page (throttled).
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

// Epoch updates the evaluation and the pictures of the network, and rewrites the page (throttled).
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

// Notice adds a line to the next page.
func (p *Page) Notice(text string) {
	if len(p.shown.Notices) < maxNotices {
		p.shown.Notices = append(p.shown.Notices, text)
	}
}

// End writes the final page. A failure gives a notice.
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
	html, err := p.places.page(p.shown).Render()
	if err != nil {
		return err
	}
	return p.dir.Write(p.dir.Report(), html)
}
