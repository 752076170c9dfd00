package terminal

import (
	"slices"
	"strings"
	"testing"
	"time"

	"vggtrain/dataset"
)

// feed shows a download of 10 MiB of which 4 are there: 1 MiB a second, then the end.
func feed(m *Meter) {
	now := time.Unix(0, 0)
	m.now = func() time.Time { return now }
	m.tell = func(text string) { m.w.Write([]byte("notice: " + text + "\n")) }
	for done := int64(4 << 20); done <= 10<<20; done += 1 << 20 {
		m.Progress(dataset.FetchProgress{File: "images.gz", Done: done, Size: 10 << 20})
		if done == 9<<20 {
			m.Notice("something")
		}
		now = now.Add(time.Second)
	}
	m.Progress(dataset.FetchProgress{File: "images.gz", Done: 10 << 20, Size: 10 << 20, Finished: true})
	m.Progress(dataset.FetchProgress{File: "labels.gz", Done: 200})
	m.Progress(dataset.FetchProgress{File: "labels.gz", Done: 200, Size: 200, Finished: true})
	m.Clear()
}

func TestMeterInALog(t *testing.T) {
	var out strings.Builder
	feed(&Meter{w: &out})
	want := `images.gz  9.0 MiB of 10.0 MiB  90 %  1.0 MiB/s  1s left
notice: something
images.gz  10.0 MiB  in 7.0s, 877.7 KiB/s
labels.gz  200 B
`
	if out.String() != want {
		t.Errorf("got\n%swant\n%s", out.String(), want)
	}
}

func TestMeterOnATerminal(t *testing.T) {
	var out strings.Builder
	feed(&Meter{w: &out, columns: func() int { return 40 }})
	// What stays of each line: what is after its last return, unless that clears it.
	var stays []string
	for line := range strings.Lines(out.String()) {
		shown := line[strings.LastIndex(line, "\r")+1:]
		stays = append(stays, strings.ReplaceAll(shown, erase, ""))
		if strings.Count(line, "\r") > 0 && strings.Count(line, erase) != strings.Count(line, "\r") {
			t.Errorf("a line is not cleared: %q", line)
		}
	}
	if got := strings.Join(stays, ""); got != "notice: something\nimages.gz  10.0 MiB  in 7.0s, 877.7 KiB/s\nlabels.gz  200 B\n" {
		t.Errorf("there stays %q", got)
	}
	if !strings.Contains(out.String(), "\rimages.gz  5.0 MiB of 10.0 MiB  50 %  1"+erase) { // 39 columns
		t.Errorf("in between %q", out.String())
	}
}

// A listing of files is shown if it takes more than a second.
func TestMeterOfFiles(t *testing.T) {
	for _, columns := range []func() int{nil, func() int { return 80 }} {
		var out strings.Builder
		m, now := &Meter{w: &out, columns: columns}, time.Unix(0, 0)
		m.now = func() time.Time { return now }
		for i := range 30 {
			m.Files(1000 * i)
			if now = now.Add(400 * time.Millisecond); i == 2 && out.Len() > 0 {
				t.Errorf("after a second: %q", out.String())
			}
		}
		m.Clear()
		if text := out.String(); !strings.Contains(text, "looking for pictures: 13,000 files and folders so far") ||
			(columns == nil) != strings.HasSuffix(text, "\n") || (columns == nil) != (strings.Count(text, "so far") == 2) {
			t.Errorf("%q", text)
		}
	}
}

func TestMeterOfImages(t *testing.T) {
	for name, c := range map[string]struct {
		columns func() int
		want    []string // the lines, each after a return
	}{
		"pipe": {nil, []string{""}},
		"terminal": {func() int { return 80 }, []string{"", "0 of 1,000 images  0 %", "250 of 1,000 images  25 %  125 images/s  6s left",
			"1,000 of 1,000 images  100 %  250 images/s  0s left", ""}},
	} {
		var out strings.Builder
		now := time.Unix(0, 0)
		m := &Meter{w: &out, columns: c.columns, now: func() time.Time { return now }}
		for _, at := range []struct{ seconds, done int }{{0, 0}, {2, 250}, {2, 300}, {4, 1000}} {
			now = time.Unix(int64(at.seconds), 0)
			m.Images(at.done, 1000)
		}
		m.Clear()
		if got := strings.Split(strings.ReplaceAll(out.String(), erase, ""), "\r"); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
