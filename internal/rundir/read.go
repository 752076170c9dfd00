package rundir

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"math"
	"os"

	"vggtrain/internal/record"
)

// EachStep calls do with each step of steps.jsonl. It stops at the first invalid line, since a run
// may be writing one; a missing file has no steps. It streams, so memory does not grow with the file
// or its lines. A loss or learning rate of null is NaN.
func (d *Dir) EachStep(do func(record.Step)) error {
	return read(d.StepsFile(), func(f io.Reader) error { return eachStep(f, do) })
}

// Head returns at most the first most bytes of a file; nil if it is missing.
func Head(path string, most int64) (text []byte, err error) {
	err = read(path, func(f io.Reader) error {
		text, err = io.ReadAll(io.LimitReader(f, most))
		return err
	})
	return text, err
}

// read calls a function with a file, unless that is missing.
func read(path string, do func(io.Reader) error) error {
	info, err := os.Stat(path) // opening a pipe would wait for its other end
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return systemError(path, err, adviceAgain)
	case !info.Mode().IsRegular():
		return notFile(path)
	}
	f, err := os.Open(path)
	if err != nil {
		return systemError(path, err, adviceAgain)
	}
	defer f.Close()
	if err := do(f); err != nil {
		return systemError(path, err, adviceAgain)
	}
	return nil
}

func eachStep(r io.Reader, do func(record.Step)) error {
	in := bufio.NewReaderSize(r, maxLine)
	for {
		text, err := in.ReadSlice('\n')
		if err == io.EOF || err == bufio.ErrBufferFull {
			return nil
		}
		if err != nil {
			return err
		}
		var line stepLine
		if json.Unmarshal(text, &line) != nil || line.Epoch < 1 || line.Step < 1 {
			return nil
		}
		do(record.Step{Epoch: line.Epoch, Step: line.Step, Loss: orNaN(line.Loss), LR: orNaN(line.LR), Images: line.Images, Seconds: line.Seconds})
	}
}

// orNaN is the number that finite has left out.
func orNaN(x *float64) float64 {
	if x == nil {
		return math.NaN()
	}
	return *x
}
