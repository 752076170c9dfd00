package tensorboard

import (
	"bytes"
	"encoding/binary"
	"errors"
	"flag"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write testdata/written.tfevents anew; then scripts/check_tensorboard.py golden checks it")

// second is a wall time of so many seconds and a quarter.
func second(n int64) time.Time { return time.Unix(1700000000+n, 250_000_000) }

// mustCreate makes an event file in a folder.
func mustCreate(t *testing.T, folder string, at time.Time, restart int64) *Writer {
	t.Helper()
	w, err := Create(folder, at, restart)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// write writes the steps from first to last, each with a loss of a tenth of the step.
func write(t *testing.T, w *Writer, first, last int64) {
	t.Helper()
	for step := first; step <= last; step++ {
		must(t, w.Write(second(step), step, Scalar{"loss/train", float64(step) / 10}, Scalar{"lr", 0.01}))
	}
}

// names are the files of a folder.
func names(t *testing.T, folder string) []string {
	t.Helper()
	entries, err := os.ReadDir(folder)
	must(t, err)
	var list []string
	for _, e := range entries {
		list = append(list, e.Name())
	}
	return list
}

// steps are those that the files of a folder have values of.
func steps(t *testing.T, folder string) []int64 {
	t.Helper()
	var list []int64
	_, err := Cut(folder, func(e Event) bool {
		list = append(list, e.Step)
		return true
	})
	must(t, err)
	return list
}

// What is written is, bit for bit, what TensorBoard's own classes make of the same values: see
// scripts/check_tensorboard.py.
func TestGolden(t *testing.T) {
	folder := t.TempDir()
	w := mustCreate(t, folder, second(0), 0)
	must(t, w.Write(second(1), 1, Scalar{"loss/train", 2.302585}, Scalar{"lr", 0.01}))
	must(t, w.Write(second(2), 2, Scalar{"loss/train", math.NaN()}, Scalar{"lr", 1e-300}))
	must(t, w.Write(second(3), 1<<40, Scalar{"loss/val", math.Inf(1)}, Scalar{"accuracy/val", 0}))
	must(t, w.Close())
	w = mustCreate(t, folder, second(4), 300)
	must(t, w.Write(second(5), 300, Scalar{"loss/train", -1}))
	must(t, w.Close())
	var got []byte
	for _, name := range names(t, folder) {
		b, err := os.ReadFile(filepath.Join(folder, name))
		must(t, err)
		got = append(got, b...)
	}
	if *update {
		must(t, os.WriteFile("testdata/written.tfevents", got, 0o644))
	}
	want, err := os.ReadFile("testdata/golden.tfevents")
	must(t, err)
	if !bytes.Equal(got, want) {
		t.Errorf("%d bytes, TensorBoard's %d differ", len(got), len(want))
	}
}

// Each event is there when Write returns, and a file that is later has a later name, whatever the
// clock says.
func TestNames(t *testing.T) {
	folder := t.TempDir()
	for _, at := range []int64{10, 10, 3} {
		w := mustCreate(t, folder, second(at), 0)
		write(t, w, 1, 1)
		defer w.Close()
	}
	must(t, os.WriteFile(filepath.Join(folder, "events.out.tfevents.1999999999.other"), nil, 0o666))
	w := mustCreate(t, folder, second(4), 0)
	must(t, w.Close())
	want := []string{
		"events.out.tfevents.1700000010.vggtrain", "events.out.tfevents.1700000011.vggtrain", "events.out.tfevents.1700000012.vggtrain",
		"events.out.tfevents.1700000013.vggtrain", "events.out.tfevents.1999999999.other",
	}
	if diff := cmp.Diff(want, names(t, folder)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := steps(t, folder); !slices.Equal(got, []int64{1, 1, 1}) {
		t.Errorf("steps %v", got)
	}
}

func TestCut(t *testing.T) {
	folder := t.TempDir()
	if found, err := Cut(folder, nil); found || err != nil {
		t.Errorf("in an empty folder: %t, %v", found, err)
	}
	for i, last := range []int64{5, 9} {
		w := mustCreate(t, folder, second(int64(i)), 4)
		write(t, w, last-2, last)
		must(t, w.Close())
	}
	other := filepath.Join(folder, "events.out.tfevents.1.other")
	must(t, os.WriteFile(other, []byte("not ours"), 0o666))
	var tags []string
	found, err := Cut(folder, func(e Event) bool {
		tags = append(tags, e.Tags...)
		return e.Step != 5 && e.Step < 9
	})
	if !found || err != nil {
		t.Errorf("%t, %v", found, err)
	}
	if got := steps(t, folder); !slices.Equal(got, []int64{3, 4, 7, 8}) {
		t.Errorf("steps %v", got)
	}
	if !slices.Equal(tags[:4], []string{"loss/train", "lr", "loss/train", "lr"}) {
		t.Errorf("tags %v", tags)
	}
	// A file without values is of no use; another program's is not touched.
	if _, err := Cut(folder, func(e Event) bool { return e.Step < 5 }); err != nil {
		t.Error(err)
	}
	want := []string{"events.out.tfevents.1.other", "events.out.tfevents.1700000000.vggtrain"}
	if diff := cmp.Diff(want, names(t, folder)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if b, err := os.ReadFile(other); err != nil || string(b) != "not ours" {
		t.Errorf("another program's file: %q, %v", b, err)
	}
}

// Wherever a process was killed in a record, and whatever byte of the last one is damaged, the
// whole ones before it stay, and nothing else.
func TestCutUnfinished(t *testing.T) {
	folder := t.TempDir()
	w := mustCreate(t, folder, second(0), 0)
	write(t, w, 1, 2)
	twoSteps := w.size
	write(t, w, 3, 3)
	must(t, w.Close())
	whole, err := os.ReadFile(w.path)
	must(t, err)
	check := func(data []byte) {
		t.Helper()
		must(t, os.WriteFile(w.path, data, 0o666))
		if got := steps(t, folder); !slices.Equal(got, []int64{1, 2}) {
			t.Errorf("steps %v", got)
		}
		if b, err := os.ReadFile(w.path); err != nil || !bytes.Equal(b, whole[:twoSteps]) {
			t.Errorf("%d bytes are left, %v", len(b), err)
		}
	}
	for n := twoSteps; n < int64(len(whole)); n++ {
		check(whole[:n])
		damaged := bytes.Clone(whole)
		damaged[n] ^= 0x10
		check(damaged)
	}
	check(append(bytes.Clone(whole[:twoSteps]), bytes.Repeat([]byte{0xff}, 2*maxEvent)...))
	for _, absurd := range []uint64{maxEvent + 1, 1 << 62, 1<<64 - 1} { // with the right CRC
		head := binary.LittleEndian.AppendUint64(nil, absurd)
		head = binary.LittleEndian.AppendUint32(head, crc(head))
		check(slices.Concat(whole[:twoSteps], head, make([]byte, 2*maxEvent)))
	}
}

// tight is a file on a disk of so many bytes, which takes what fits of a write.
type tight struct {
	data []byte
	room int
}

func (f *tight) WriteAt(p []byte, at int64) (int, error) {
	n := max(0, min(len(p), f.room-int(at)))
	f.data = append(f.data[:at], p[:n]...)
	if n < len(p) {
		return 0, &fs.PathError{Op: "write", Path: "x", Err: fs.ErrPermission}
	}
	return n, nil
}

func (f *tight) Truncate(size int64) error { f.data = f.data[:size]; return nil }
func (f *tight) Close() error              { return nil }

// What could not be written comes when there is room, and until then no part of it is there.
func TestFullDisk(t *testing.T) {
	folder := t.TempDir()
	want := mustCreate(t, folder, second(0), 7)
	write(t, want, 1, 9)
	must(t, want.Close())
	whole, err := os.ReadFile(want.path)
	must(t, err)

	w := mustCreate(t, t.TempDir(), second(0), 7)
	must(t, w.f.Close())
	disk := &tight{}
	w.f = disk
	var first error
	for room := range len(whole) {
		disk.room = room
		step := int64(min(room+1, 9))
		if room < 9 {
			err = w.Write(second(step), step, Scalar{"loss/train", float64(step) / 10}, Scalar{"lr", 0.01})
		} else {
			err = w.flush()
		}
		if !errors.Is(err, fs.ErrPermission) || strings.Contains(err.Error(), "write x") || len(disk.data) > 0 {
			t.Fatalf("room for %d bytes: %v, %d written", room, err, len(disk.data))
		}
		if first == nil {
			first = err
		}
		if err.Error() != first.Error() {
			t.Fatalf("in other words: %v, %v", first, err)
		}
	}
	disk.room = len(whole)
	must(t, w.Close())
	if !bytes.Equal(disk.data, whole) {
		t.Errorf("%d bytes, want %d", len(disk.data), len(whole))
	}
}

// There is a bound to what is kept.
func TestFullDiskForLong(t *testing.T) {
	w := mustCreate(t, t.TempDir(), second(0), 0)
	must(t, w.f.Close())
	disk := &tight{}
	w.f = disk
	long := Scalar{strings.Repeat("x", 1<<16), 0}
	for range maxPending>>16 + 10 {
		if err := w.Write(second(1), 1, long); err == nil {
			t.Fatal("written")
		}
	}
	if len(w.pending) > maxPending+1<<10 {
		t.Errorf("%d bytes wait", len(w.pending))
	}
	disk.room = math.MaxInt
	if err := w.Close(); err == nil || !strings.Contains(err.Error(), "events are missing") {
		t.Errorf("Close: %v", err)
	}
}

func TestCreateFails(t *testing.T) {
	if _, err := Create(filepath.Join(t.TempDir(), "none"), second(0), 0); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v", err)
	}
}
