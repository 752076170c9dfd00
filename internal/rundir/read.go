package rundir

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"math"
	"os"
)

// EachStep calls a function with each line of steps.jsonl until one is no step, as it is written
// while a run is on; a file that is missing has none. The file is streamed, whatever its size and
// the length of its lines. A loss or learning rate that is null is NaN.
func (d *Dir) EachStep(do func(Step)) error {
	path := d.StepsFile()
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
	if err := eachStep(f, do); err != nil {
		return systemError(path, err, adviceAgain)
	}
	return nil
}

func eachStep(r io.Reader, do func(Step)) error {
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
		do(Step{line.Epoch, line.Step, orNaN(line.Loss), orNaN(line.LR), line.Images, line.Seconds})
	}
}

// orNaN is the number that finite has left out.
func orNaN(x *float64) float64 {
	if x == nil {
		return math.NaN()
	}
	return *x
}
