package runstate

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"

	"vggtrain/checkpoint"
	"vggtrain/internal/crash"
)

// best.bin is there from the first evaluated epoch on, and is always whole. If a run stops within an
// epoch, best.bin may hold that partial epoch. The best complete epoch is kept as best.bin.whole,
// because a resumed run discards the partial evaluation.

func (w *Writer) bestWhole() string { return w.Best + ".whole" }

// writeBest writes best.bin, with the weights of a partial epoch or of a complete one.
func (w *Writer) writeBest(best *checkpoint.State, partial bool) error {
	if partial {
		if err := w.keepBest(); err != nil {
			return fmt.Errorf("%s: not put aside: %w", w.Best, checkpoint.Cause(err))
		}
	}
	err := checkpoint.Write(w.Best, best)
	if err == nil && !partial {
		_ = os.Remove(w.bestWhole()) // worse; as a rule it is not there
	}
	return err
}

// keepBest links best.bin to best.bin.whole if it is of a complete epoch.
func (w *Writer) keepBest() error {
	metadata, err := checkpoint.ReadMetadata(w.Best)
	if err != nil || !w.isComplete(metadata) {
		return nil // missing, damaged or of a partial epoch: nothing that a run would go back to
	}
	temp := checkpoint.TempName(w.bestWhole())
	crash.Point("link", temp)
	if os.Link(w.Best, temp) == nil {
		defer os.Remove(temp) // of two names of one file, renaming removes neither
		crash.Point("rename", temp)
		return os.Rename(temp, w.bestWhole())
	}
	in, err := os.Open(w.Best) // a file system without links
	if err != nil {
		return err
	}
	defer in.Close()
	return checkpoint.Replace(w.bestWhole(), func(out io.Writer) error {
		_, err := io.Copy(out, in)
		return err
	})
}

// isComplete reports whether weights are of the end of an epoch. Files from before keyStep existed
// are.
func (w *Writer) isComplete(metadata map[string]string) bool {
	epoch, err := strconv.Atoi(metadata[keyEpoch])
	return err == nil && (metadata[keyStep] == "" || metadata[keyStep] == strconv.Itoa(epoch*w.stepsPerEpoch))
}

// MendBest restores best.bin of a resumed run to the weights of its best epoch. They are in
// best.bin.whole if the run reopens a partial epoch, and in the snapshot if it was killed between
// writing checkpoint.bin and best.bin. In another folder they may be missing: there is false then, as
// before any evaluation.
func (w *Writer) MendBest(p *Progress) (there bool, err error) {
	if p.BestEpoch == 0 {
		return false, nil
	}
	want := w.bestState(p)
	switch {
	case holds(w.Best, want):
	case holds(w.bestWhole(), want):
		err = os.Rename(w.bestWhole(), w.Best)
	case p.bestIsNewest() && p.Evaluated():
		err = w.writeBest(want, p.Partial)
	default:
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if !p.Partial {
		_ = os.Remove(w.bestWhole()) // as a rule it is not there
	}
	return true, nil
}

// holds reports whether a file has the wanted weights, by its metadata.
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

// WithBest calls f while the scored parameters have the weights of the best epoch. They are in best.bin
// if later epochs were worse. No save may be under way.
func (w *Writer) WithBest(p *Progress, f func() error) error {
	if p.bestIsNewest() {
		return f()
	}
	if !holds(w.Best, w.bestState(p)) {
		return fmt.Errorf("%s does not hold the weights of the best epoch, %d", w.Best, p.BestEpoch)
	}
	best, err := checkpoint.ReadWeights(w.Best)
	if err != nil {
		return err
	}
	for _, param := range w.scored {
		if t := best.Tensor(param.Name); t == nil || len(t.Data) != param.Len() {
			return fmt.Errorf("%s: %s is not as in the run", w.Best, param.Name)
		}
	}
	if err := w.swap(best); err != nil {
		return err
	}
	return errors.Join(f(), w.swap(best))
}

// swap exchanges the scored parameters and the tensors of their names.
func (w *Writer) swap(other *checkpoint.State) error {
	for _, param := range w.scored {
		t := other.Tensor(param.Name)
		held := make([]float32, param.Len())
		if _, err := param.Export(w.workers, held); err != nil {
			return err
		}
		param.Import(t.Data)
		t.Data = held
	}
	return nil
}
