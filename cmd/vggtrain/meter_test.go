package main

import (
	"strings"
	"testing"
	"time"

	"vggtrain/dataset"
)

// feed shows a download of 10 MB of which 4 MB are there: 1 MB a second, then the end.
func feed(m *meter) {
	now := time.Unix(0, 0)
	m.now = func() time.Time { return now }
	m.tell = func(text string) { m.w.Write([]byte("notice: " + text + "\n")) }
	for done := int64(4e6); done <= 10e6; done += 1e6 {
		m.progress(dataset.FetchProgress{File: "images.gz", Done: done, Size: 10e6})
		if done == 9e6 {
			m.notice("something")
		}
		now = now.Add(time.Second)
	}
	m.progress(dataset.FetchProgress{File: "images.gz", Done: 10e6, Size: 10e6, Finished: true})
	m.progress(dataset.FetchProgress{File: "labels.gz", Done: 200})
	m.progress(dataset.FetchProgress{File: "labels.gz", Done: 200, Size: 200, Finished: true})
	m.clear()
}

func TestMeterInALog(t *testing.T) {
	var out strings.Builder
	feed(&meter{w: &out})
	want := `images.gz  9.0 MB of 10 MB  90 %  1.0 MB/s  1s left
notice: something
images.gz  10 MB  in 7s, 857 kB/s
labels.gz  200 B
`
	if out.String() != want {
		t.Errorf("got\n%swant\n%s", out.String(), want)
	}
}

func TestMeterOnATerminal(t *testing.T) {
	var out strings.Builder
	feed(&meter{w: &out, columns: func() int { return 40 }})
	// What stays of each line: what is after its last return, unless that clears it.
	var stays []string
	for line := range strings.Lines(out.String()) {
		shown := line[strings.LastIndex(line, "\r")+1:]
		stays = append(stays, strings.ReplaceAll(shown, "\x1b[K", ""))
		if strings.Count(line, "\r") > 0 && strings.Count(line, "\x1b[K") != strings.Count(line, "\r") {
			t.Errorf("a line is not cleared: %q", line)
		}
	}
	if got := strings.Join(stays, ""); got != "notice: something\nimages.gz  10 MB  in 7s, 857 kB/s\nlabels.gz  200 B\n" {
		t.Errorf("there stays %q", got)
	}
	if !strings.Contains(out.String(), "\rimages.gz  5.0 MB of 10 MB  50 %  1.0 M\x1b[K") { // 39 columns
		t.Errorf("in between %q", out.String())
	}
}
