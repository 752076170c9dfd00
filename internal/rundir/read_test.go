package rundir

import (
	"errors"
	"io"
	"math"
	"os"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"vggtrain/internal/record"
)

// What Write has written comes back, but for what JSON and the file do not hold.
func TestEachStep(t *testing.T) {
	d := newDir(t)
	want := []record.Step{{Epoch: 1, Step: 1, Loss: math.Log(10), LR: 0.05, Images: 128, Seconds: 0.25}, {Epoch: 1, Step: 2, Loss: math.NaN(), LR: 1e-7, Images: 96, Seconds: 12}, {Epoch: 2, Step: 3, Loss: 0.5, LR: 0, Images: 128, Seconds: 0}}
	s, _, err := d.Steps(0)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range want {
		if err := s.Write(r); err != nil {
			t.Fatal(err)
		}
	}
	defer s.Close()
	var got []record.Step
	if err := At(d.Path()).EachStep(func(r record.Step) { got = append(got, r) }); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateNaNs()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// It ends where a line is no step, whatever follows.
func TestEachStepEnds(t *testing.T) {
	for name, end := range map[string]string{
		"torn":    `{"epoch":1,"st`,
		"zeros":   strings.Repeat("\x00", 500) + "\n",
		"epoch 0": `{"epoch":0,"step":3}` + "\n",
		"no step": `{"epoch":1}` + "\n",
		"text":    `{"epoch":1,"step":3,"loss":"low"}` + "\n",
		"long":    strings.Repeat(" ", maxLine) + stepLines(3, 3),
	} {
		n := 0
		if err := eachStep(strings.NewReader(stepLines(1, 2)+end+stepLines(3, 5)), func(record.Step) { n++ }); err != nil || n != 2 {
			t.Errorf("%s: %d steps, error %v, want 2", name, n, err)
		}
	}
}

// Of a file that is too large the reader takes the beginning.
func TestHead(t *testing.T) {
	d := newDir(t)
	for _, c := range []struct {
		path string
		most int
	}{{d.Score(), 8 << 20}, {d.Report(), 4 << 10}} {
		read := func() ([]byte, error) { return Head(c.path, int64(c.most)) }
		if text, err := read(); len(text) > 0 || err != nil {
			t.Errorf("%s: %d bytes of nothing, %v", c.path, len(text), err)
		}
		for _, size := range []int{1, c.most, c.most + 1} {
			if err := d.Write(c.path, make([]byte, size)); err != nil {
				t.Fatal(err)
			}
			if text, err := read(); len(text) != min(size, c.most) || err != nil {
				t.Errorf("%s: %d of %d bytes, %v", c.path, len(text), size, err)
			}
		}
		if err := errors.Join(os.Remove(c.path), os.Mkdir(c.path, 0o777)); err != nil {
			t.Fatal(err)
		}
		if text, err := read(); len(text) > 0 || err == nil || !strings.Contains(err.Error(), "is not a file") {
			t.Errorf("%s: a folder: %q, %v", c.path, text, err)
		}
	}
}

func TestEachStepErrors(t *testing.T) {
	never := func(record.Step) { t.Error("a step of nothing") }
	d := newDir(t)
	if err := d.EachStep(never); err != nil {
		t.Errorf("a file that is missing: %v", err)
	}
	if err := os.Mkdir(d.StepsFile(), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := d.EachStep(never); err == nil || !strings.Contains(err.Error(), d.StepsFile()) {
		t.Errorf("a folder: %v", err)
	}
	broken := errors.New("broken")
	n := 0
	if err := eachStep(io.MultiReader(strings.NewReader(stepLines(1, 3)), iotest.ErrReader(broken)), func(record.Step) { n++ }); !errors.Is(err, broken) || n != 3 {
		t.Errorf("%d steps and %v, want 3 and %v", n, err, broken)
	}
}

func TestWrite(t *testing.T) {
	d := newDir(t)
	if err := errors.Join(d.Write(d.Curves(), []byte("one")), d.Write(d.Report(), []byte("page"))); err != nil {
		t.Fatal(err)
	}
	if curves, report := mustRead(t, d.Curves()), mustRead(t, d.Report()); curves != "one" || report != "page" {
		t.Errorf("the files are %q and %q", curves, report)
	}
	if err := os.Rename(d.Path(), d.Path()+"-moved"); err != nil {
		t.Skipf("a folder that is in use cannot be moved here: %v", err)
	}
	mustMkdir(t, d.Path())
	if d.Write(d.Curves(), []byte("two")) == nil || d.Write(d.Report(), []byte("two")) == nil {
		t.Error("written into another folder")
	}
	wantTree(t, d.Path())
}
