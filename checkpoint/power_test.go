package checkpoint

import (
	"bytes"
	"errors"
	"io/fs"
	"iter"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// disk is a disk of one folder. It loses power at its nth call (counting from 1; 0: never), which
// still changes the cache before it. What was not flushed from there may be on the disk or not,
// in part and in any order: outcomes gives all that may be found.
type disk struct {
	onDisk map[string]*content // the folder's entries
	cached []func(entries map[string]*content)
	nth    int
	calls  []string
}

// content is a file's.
type content struct {
	onDisk []byte
	cached []piece
}

type piece struct {
	at   int
	data []byte
}

var errPower = errors.New("no power")

// call does what a call does to the cache, and says whether there is power after it.
func (d *disk) call(name string, effect func()) error {
	if d.nth > 0 && len(d.calls) >= d.nth {
		return errPower
	}
	d.calls = append(d.calls, name)
	effect()
	if len(d.calls) == d.nth {
		return errPower
	}
	return nil
}

// change is a call that changes entries of the folder, each of which may reach the disk alone.
func (d *disk) change(name string, changes ...func(entries map[string]*content)) error {
	return d.call(name, func() { d.cached = append(d.cached, changes...) })
}

// entries are those that the system shows: of the disk and its cache.
func (d *disk) entries() map[string]*content {
	entries := maps.Clone(d.onDisk)
	for _, change := range d.cached {
		change(entries)
	}
	return entries
}

func (d *disk) Stat(string) (fs.FileInfo, error) { return nil, fs.ErrNotExist }

func (d *disk) Chmod(string, fs.FileMode) error { return nil }

func (d *disk) Create(path string) (file, error) {
	f := &diskFile{disk: d, content: &content{}}
	return f, d.change("create", func(entries map[string]*content) { entries[path] = f.content })
}

func (d *disk) Rename(from, to string) error {
	moved := d.entries()[from]
	return d.change("rename",
		func(entries map[string]*content) { entries[to] = moved },
		func(entries map[string]*content) { delete(entries, from) })
}

func (d *disk) Remove(path string) error {
	return d.change("remove", func(entries map[string]*content) { delete(entries, path) })
}

func (d *disk) SyncFolder(string) error {
	err := d.call("sync folder", func() {})
	if err == nil {
		d.onDisk, d.cached = d.entries(), nil
	}
	return err
}

// diskFile is an open file.
type diskFile struct {
	disk *disk
	*content
	end int
}

func (f *diskFile) Write(p []byte) (int, error) {
	return len(p), f.disk.call("write", func() {
		f.cached = append(f.cached, piece{f.end, bytes.Clone(p)})
		f.end += len(p)
	})
}

func (f *diskFile) WriteAt(p []byte, at int64) (int, error) {
	return len(p), f.disk.call("write digest", func() { f.cached = append(f.cached, piece{int(at), bytes.Clone(p)}) })
}

func (f *diskFile) Direct(bool) bool { return false }

func (f *diskFile) Sync() error {
	err := f.disk.call("sync", func() {})
	if err == nil {
		for _, p := range f.cached {
			f.onDisk = p.put(f.onDisk, whole)
		}
		f.cached = nil
	}
	return err
}

func (f *diskFile) Close() error { return f.disk.call("close", func() {}) }

// How much of a piece reaches the disk.
const (
	none = iota
	half
	room // the file is as long as if it had, of zeros
	whole
	shares
)

// put returns a file's bytes after a share of the piece.
func (p *piece) put(data []byte, share int) []byte {
	n := map[int]int{none: 0, half: len(p.data) / 2, room: len(p.data), whole: len(p.data)}[share]
	data = append(bytes.Clone(data), make([]byte, max(0, p.at+n-len(data)))...)
	if share != room {
		copy(data[p.at:], p.data[:n])
	}
	return data
}

// outcomes are the contents that the file at path may have when power is back; nil: no file.
func (d *disk) outcomes(path string) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		for subset := range 1 << len(d.cached) {
			entries := maps.Clone(d.onDisk)
			for i, change := range d.cached {
				if subset>>i&1 == 1 {
					change(entries)
				}
			}
			if c := entries[path]; c == nil {
				yield(nil)
			} else {
				c.outcomes(c.onDisk, c.cached, yield)
			}
		}
	}
}

func (c *content) outcomes(data []byte, cached []piece, yield func([]byte) bool) {
	if len(cached) == 0 {
		yield(data)
		return
	}
	for share := range shares {
		c.outcomes(cached[0].put(data, share), cached[1:], yield)
	}
}

// Whenever power is lost in a save, the file is the old one or the new one, whole; and once Write
// has returned, the new one.
func TestPowerLoss(t *testing.T) {
	const path = "checkpoint.bin"
	old := &State{Tensors: []Tensor{{"old", []int{1}, []float32{1}}}}
	fresh := &State{Tensors: []Tensor{{"new", []int{2}, []float32{1, 2}}, {"other", []int{1}, []float32{3}}}}
	for _, before := range []string{"none", "old"} {
		t.Run(before, func(t *testing.T) {
			var found []string
			for nth := 1; ; nth++ {
				d := &disk{onDisk: map[string]*content{}}
				if before == "old" {
					if err := write(d, path, old); err != nil {
						t.Fatal(err)
					}
				}
				d.calls, d.nth = nil, nth
				err := write(d, path, fresh)
				all := map[string]bool{}
				for data := range d.outcomes(path) {
					all[name(data)] = true
				}
				found = append(found, d.calls[len(d.calls)-1]+": "+strings.Join(slices.Sorted(maps.Keys(all)), " or "))
				if err == nil { // no nth call
					break
				}
			}
			either := strings.Join(slices.Sorted(slices.Values([]string{before, "new"})), " or ")
			want := []string{"create: " + before, "write: " + before, "write: " + before, "write: " + before,
				"write digest: " + before, "sync: " + before, "close: " + before, "rename: " + either, "sync folder: " + either,
				"sync folder: new"}
			if diff := cmp.Diff(want, found); diff != "" {
				t.Errorf("what is found when power is lost in each call, and after the last (-want +got):\n%s", diff)
			}
		})
	}
}

// name is the first tensor's, or what else is in the place of a file.
func name(data []byte) string {
	if data == nil {
		return "none"
	}
	s, err := decodeBytes(data, false)
	if err != nil {
		return err.Error()
	}
	return s.Tensors[0].Name
}
