package rundir

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"unicode/utf8"

	"vggtrain/internal/record"
)

// Steps writes steps.jsonl.
type Steps struct{ lines }

// Kept describes the kept part of steps.jsonl. Last and Lines differ if lines were lost.
type Kept struct {
	Last  int // step; 0: none
	Lines int
}

// Steps opens steps.jsonl to go on after step done, 0 for a new run. It keeps the longest prefix of
// whole lines with rising steps up to done. It cuts the rest: steps to be repeated, a line left
// unfinished by a killed process, anything else. It streams the file.
func (d *Dir) Steps(done int) (s *Steps, kept Kept, err error) {
	if err := d.Held(); err != nil {
		return nil, Kept{}, err
	}
	path := d.StepsFile()
	f, err := openRegular(path)
	if err != nil {
		return nil, Kept{}, err
	}
	size, kept, err := keep(f, done)
	if err == nil {
		err = f.Truncate(size)
	}
	if err != nil {
		f.Close()
		return nil, Kept{}, systemError(path, err, adviceAgain)
	}
	return &Steps{lines{path: path, contested: d.contested, f: f, size: size}}, kept, nil
}

// openRegular opens a file for reading and writing, and makes a missing one. Links, pipes, devices and
// folders are errors.
func openRegular(path string) (*os.File, error) {
	flag := os.O_RDWR
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		flag |= os.O_CREATE | os.O_EXCL
	case err != nil:
		return nil, systemError(path, err, adviceAgain)
	case !info.Mode().IsRegular():
		return nil, notFile(path)
	}
	f, err := os.OpenFile(path, flag, 0o666)
	if err != nil {
		return nil, systemError(path, err, adviceAgain)
	}
	return f, nil
}

func notFile(path string) error {
	return fmt.Errorf("%s: is there and is not a file: move it away", path)
}

// maxLine bounds the bytes of a line; Write makes less than 200.
const maxLine = 4 << 10

// keep returns how many bytes of steps.jsonl to keep, as Steps says, and what is in them.
func keep(r io.Reader, done int) (size int64, kept Kept, err error) {
	in := bufio.NewReaderSize(r, maxLine)
	for {
		line, err := in.ReadSlice('\n')
		if err == io.EOF || err == bufio.ErrBufferFull {
			return size, kept, nil
		}
		if err != nil {
			return 0, Kept{}, err // not known what is there: nothing to cut
		}
		step, ok := stepOf(line)
		if !ok || step <= kept.Last || step > done {
			return size, kept, nil
		}
		size += int64(len(line))
		kept = Kept{step, kept.Lines + 1}
	}
}

// stepOf returns the step of a line. Keys that are not known are allowed: a later version may
// have written them.
func stepOf(line []byte) (step int, ok bool) {
	// A map, since a struct takes "STEP" for "step", which other readers do not.
	var record map[string]json.RawMessage
	if !utf8.Valid(line) || json.Unmarshal(line, &record) != nil {
		return 0, false
	}
	var epoch int
	if json.Unmarshal(record["epoch"], &epoch) != nil || json.Unmarshal(record["step"], &step) != nil {
		return 0, false
	}
	return step, epoch >= 1 && step >= 1
}

// stepLine is a line as it stands in the file.
type stepLine struct {
	Epoch   int      `json:"epoch"`
	Step    int      `json:"step"`
	Loss    *float64 `json:"loss"`
	LR      *float64 `json:"lr"`
	Images  int      `json:"images"`
	Seconds float64  `json:"seconds"`
}

// Write appends a step's line. On an error the line is kept and retried before the next one.
func (s *Steps) Write(r record.Step) error {
	text, err := json.Marshal(stepLine{r.Epoch, r.Step, finite(r.Loss), finite(r.LR), r.Images, round(r.Seconds)})
	if err != nil {
		return fmt.Errorf("%s: step %d: %w", s.path, r.Step, err)
	}
	return s.append(append(text, '\n'))
}

// finite returns nil, JSON's null, for a number that JSON does not have.
func finite(x float64) *float64 {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return nil
	}
	return &x
}

// round cuts a time or a rate to microseconds: what is below is noise.
func round(x float64) float64 { return math.Round(x*1e6) / 1e6 }
