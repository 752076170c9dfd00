package runstate

import (
	"fmt"
	"io"
	"os"
	"strconv"

	"vggtrain/checkpoint"
	"vggtrain/internal/crash"
)

// best.bin is there from the first evaluated epoch on, and is always whole. While it has the weights
// of an epoch that was cut, those of the best whole epoch, if there is one, wait beside it: the run may
// go on with the epoch that was cut, and is then one that never knew of its evaluation.

// aside is where they wait.
func (f *Files) aside() string { return f.Best + ".whole" }

// writeBest writes best.bin; cut says that the epoch of these weights was.
func (f *Files) writeBest(best *checkpoint.State, cut bool) error {
	if cut {
		if err := f.putAside(); err != nil {
			return fmt.Errorf("%s: not put aside: %w", f.Best, checkpoint.Cause(err))
		}
	}
	err := checkpoint.Write(f.Best, best)
	if err == nil && !cut {
		_ = os.Remove(f.aside()) // what waited there was worse; it is not there, as a rule
	}
	return err
}

// putAside has best.bin, if it is of a whole epoch, wait, and leaves it in its place as well.
func (f *Files) putAside() error {
	metadata, err := checkpoint.ReadMetadata(f.Best)
	if err != nil || !f.isWhole(metadata) {
		return nil // missing, damaged or of an earlier cut: nothing that a run would go back to
	}
	temp := checkpoint.TempName(f.aside())
	crash.Point("link", temp)
	if os.Link(f.Best, temp) == nil {
		defer os.Remove(temp) // of two names of one file, renaming removes neither
		crash.Point("rename", temp)
		return os.Rename(temp, f.aside())
	}
	in, err := os.Open(f.Best) // a file system without links
	if err != nil {
		return err
	}
	defer in.Close()
	return checkpoint.Replace(f.aside(), func(w io.Writer) error {
		_, err := io.Copy(w, in)
		return err
	})
}

// isWhole tells whether weights are of the end of an epoch. Those that do not say of which step they
// are come from before that was noted.
func (f *Files) isWhole(metadata map[string]string) bool {
	epoch, err := strconv.Atoi(metadata[keyEpoch])
	return err == nil && (metadata[keyStep] == "" || metadata[keyStep] == strconv.Itoa(epoch*f.stepsPerEpoch))
}

// MendBest sees to it that a resumed run has the weights of its best epoch. One that goes on with
// an epoch that was cut has those of before waiting. One that was killed after it wrote its checkpoint
// and before it wrote them is at the end of that epoch, and the snapshot holds them. In another folder
// they may be missing, and there is nothing to be done: then there tells so.
func (f *Files) MendBest(p *Progress) (there bool, err error) {
	if p.BestEpoch == 0 {
		return true, nil
	}
	want := f.bestState(p)
	switch {
	case holds(f.Best, want):
	case holds(f.aside(), want):
		err = os.Rename(f.aside(), f.Best)
	case p.BestEpoch == p.lastEpoch() && (p.Batch == 0 || p.Cut):
		err = f.writeBest(want, p.Cut)
	default:
		return false, nil
	}
	if err == nil && !p.Cut {
		_ = os.Remove(f.aside()) // not there, as a rule
	}
	f.Written.Best = err == nil
	return true, err
}

// holds tells whether a file has the weights that are wanted, by what it says of them.
func holds(path string, want *checkpoint.State) bool {
	got, err := checkpoint.ReadMetadata(path)
	if err != nil {
		return false
	}
	for _, key := range []string{keyEpoch, keyAccuracy, keyStep} {
		if got[key] != want.Metadata[key] && !(key == keyStep && got[key] == "") {
			return false
		}
	}
	return true
}
