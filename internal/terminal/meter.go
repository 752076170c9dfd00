package terminal

import (
	"fmt"
	"io"
	"time"

	"vggtrain/dataset"
	"vggtrain/internal/display"
)

// Meter shows the progress of a download: on a terminal in a changing line, elsewhere in a line now
// and then and at the end of each file. It shows an evaluation's too, but on a terminal only.
type Meter struct {
	w       io.Writer
	tell    func(string) // a notice
	now     func() time.Time
	columns func() int // of the terminal; nil elsewhere

	file  string    // under way; "": images
	done  int64     // of its bytes, or of all images
	first int64     // those that were there before
	began time.Time // the download of the others, or the evaluation
	last  time.Time // when it was shown
	lists time.Time // when the listing of files began
	drawn bool      // the terminal's last line is ours
}

// NewMeter returns a meter that writes to w.
func NewMeter(w io.Writer) *Meter {
	m := &Meter{w: Asides(w), tell: NewProgress(w).Notice, now: time.Now}
	if f := live(w); f != nil {
		m.columns = func() int {
			columns, _ := Size(f)
			return columns
		}
	}
	return m
}

// Notice writes a notice above the line.
func (m *Meter) Notice(text string) {
	m.Clear()
	m.tell(text)
}

// Clear removes the line. It ignores errors: they are no reason to end a download.
func (m *Meter) Clear() {
	if m.drawn {
		_, _ = io.WriteString(m.w, "\r"+erase)
	}
	m.drawn = false
}

// Progress shows the progress of a file (throttled).
func (m *Meter) Progress(p dataset.FetchProgress) {
	now := m.now()
	if p.File != m.file || p.Done < m.done {
		m.file, m.first, m.began, m.last = p.File, p.Done, now, now
	}
	m.done = p.Done
	every := 5 * time.Second
	if m.columns != nil {
		every = drawEvery
	}
	switch {
	case p.Finished:
		m.Clear()
		_, _ = fmt.Fprintln(m.w, m.end(p))
	case now.Sub(m.last) >= every:
		m.last = now
		m.show(m.line(p))
	}
}

// Images shows the number of finished images of an evaluation (throttled).
func (m *Meter) Images(done, all int) {
	now := m.now()
	if m.began.IsZero() {
		m.began = now
	}
	m.done = int64(done)
	if m.columns == nil || now.Sub(m.last) < drawEvery {
		return
	}
	m.last = now
	line := fmt.Sprintf("%s of %s images  %d %%", display.Comma(done), display.Comma(all), 100*done/all)
	if done > 0 {
		line += fmt.Sprintf("  %s  %s left", speedText(m.rate()), display.Remaining(float64(all-done)/m.rate()))
	}
	m.show(line)
}

// Files shows the number of files seen so far by a listing that takes more than a second (throttled).
func (m *Meter) Files(seen int) {
	now := m.now()
	if m.lists.IsZero() {
		m.lists, m.last = now, now
	}
	every := 5 * time.Second
	if m.columns != nil {
		every = drawEvery
	}
	if now.Sub(m.lists) < time.Second || now.Sub(m.last) < every {
		return
	}
	m.last = now
	m.show("looking for pictures: " + display.Count(seen, "file") + " and folders so far")
}

func (m *Meter) show(line string) {
	if m.columns == nil {
		_, _ = fmt.Fprintln(m.w, line)
		return
	}
	_, _ = io.WriteString(m.w, "\r"+cut(line, m.columns()-1)+erase)
	m.drawn = true
}

// line is how far a file is: bytes, rate, time left.
func (m *Meter) line(p dataset.FetchProgress) string {
	line := p.File + "  " + display.Bytes(p.Done)
	if p.Size > 0 {
		line += fmt.Sprintf(" of %s  %d %%", display.Bytes(p.Size), 100*p.Done/p.Size)
	}
	rate := m.rate()
	line += fmt.Sprintf("  %s/s", display.Bytes(int64(rate)))
	if p.Size > 0 && rate > 0 {
		line += fmt.Sprintf("  %s left", display.Remaining(float64(p.Size-p.Done)/rate))
	}
	return line
}

// end is the last line of a file.
func (m *Meter) end(p dataset.FetchProgress) string {
	line := p.File + "  " + display.Bytes(p.Done)
	if took := m.now().Sub(m.began); took > 100*time.Millisecond { // else the rate says nothing
		line += fmt.Sprintf("  in %s, %s/s", display.Duration(took.Seconds()), display.Bytes(int64(m.rate())))
	}
	return line
}

// rate is the bytes, or images, that were done in a second.
func (m *Meter) rate() float64 {
	return float64(m.done-m.first) / max(m.now().Sub(m.began).Seconds(), 1e-3)
}
