package main

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/dustin/go-humanize"
	"golang.org/x/term"

	"vggtrain/dataset"
	"vggtrain/internal/report"
)

// meter shows how far a download is: on a terminal in a line that changes, elsewhere in a line now
// and then and at the end of each file.
type meter struct {
	w       io.Writer
	tell    func(string) // a notice
	now     func() time.Time
	columns func() int // of the terminal; nil elsewhere

	file  string    // under way
	done  int64     // of its bytes
	first int64     // those that were there before
	began time.Time // the download of the others
	last  time.Time // when it was shown
	drawn bool      // the terminal's last line is ours
}

func newMeter(stderr io.Writer) *meter {
	m := &meter{w: stderr, tell: newProgress(stderr).Notice, now: time.Now}
	if f, ok := stderr.(*os.File); ok && report.Live(f) {
		m.columns = func() int {
			if columns, _, err := term.GetSize(int(f.Fd())); err == nil {
				return columns
			}
			return 80
		}
	}
	return m
}

// notice puts a notice above the line.
func (m *meter) notice(text string) {
	m.clear()
	m.tell(text)
}

// clear takes the line away. That it cannot be shown is no reason to end a download.
func (m *meter) clear() {
	if m.drawn {
		_, _ = io.WriteString(m.w, "\r\x1b[K")
	}
	m.drawn = false
}

// progress shows how far a file is, if it was not shown just now.
func (m *meter) progress(p dataset.FetchProgress) {
	now := m.now()
	if p.File != m.file || p.Done < m.done {
		m.file, m.first, m.began, m.last = p.File, p.Done, now, now
	}
	m.done = p.Done
	every := 5 * time.Second
	if m.columns != nil {
		every = 100 * time.Millisecond
	}
	switch {
	case p.Finished:
		m.clear()
		_, _ = fmt.Fprintln(m.w, m.end(p))
	case now.Sub(m.last) >= every:
		m.last = now
		m.show(m.line(p))
	}
}

func (m *meter) show(line string) {
	if m.columns == nil {
		_, _ = fmt.Fprintln(m.w, line)
		return
	}
	line = line[:min(len(line), max(0, m.columns()-1))]
	_, _ = fmt.Fprintf(m.w, "\r%s\x1b[K", line)
	m.drawn = true
}

// line is how far a file is: bytes, rate, time left.
func (m *meter) line(p dataset.FetchProgress) string {
	line := p.File + "  " + humanize.Bytes(uint64(p.Done))
	if p.Size > 0 {
		line += fmt.Sprintf(" of %s  %d %%", humanize.Bytes(uint64(p.Size)), 100*p.Done/p.Size)
	}
	rate := m.rate()
	line += fmt.Sprintf("  %s/s", humanize.Bytes(uint64(rate)))
	if p.Size > 0 && rate > 0 {
		left := time.Duration(float64(p.Size-p.Done) / rate * float64(time.Second))
		line += fmt.Sprintf("  %v left", left.Round(time.Second))
	}
	return line
}

// end is what remains to be said of a file.
func (m *meter) end(p dataset.FetchProgress) string {
	line := p.File + "  " + humanize.Bytes(uint64(p.Done))
	if took := m.now().Sub(m.began); took > 100*time.Millisecond { // else the rate says nothing
		line += fmt.Sprintf("  in %v, %s/s", took.Round(100*time.Millisecond), humanize.Bytes(uint64(m.rate())))
	}
	return line
}

// rate is the bytes that came in a second.
func (m *meter) rate() float64 {
	return float64(m.done-m.first) / max(m.now().Sub(m.began).Seconds(), 1e-3)
}
