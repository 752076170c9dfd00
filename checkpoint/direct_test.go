package checkpoint

import (
	"bytes"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"unsafe"
)

// directFile is a file in memory that can be asked to pass the cache by. It then takes, as file systems
// do, only whole pages at whole pages; with refuses, not even those.
type directFile struct {
	memoryFile
	refuses bool

	direct      bool
	asked, past int // times that it was asked to, and writes that did
}

func (f *directFile) Direct(on bool) bool {
	f.direct = on
	if on {
		f.asked++
	}
	return true
}

func (f *directFile) Write(p []byte) (int, error) {
	if f.direct {
		if f.refuses || len(p)%page != 0 || len(f.data)%page != 0 || uintptr(unsafe.Pointer(unsafe.SliceData(p)))%page != 0 {
			return 0, syscall.EINVAL
		}
		f.past++
	}
	return f.memoryFile.Write(p)
}

// pieces are tensors of such lengths, in one piece of memory or each in its own.
func pieces(joined bool, lengths ...int) *State {
	total := 0
	for _, n := range lengths {
		total += n
	}
	all := make([]float32, total) // of so many bytes, Go begins it at a page
	for i := range all {
		all[i] = float32(i)
	}
	s := &State{}
	for i, n := range lengths {
		data := all[:n]
		if !joined {
			data = bytes32(data)
		}
		s.Tensors = append(s.Tensors, Tensor{string(rune('a' + i)), []int{n}, data})
		all = all[n:]
	}
	return s
}

// bytes32 returns a copy that no other slice can follow.
func bytes32(data []float32) []float32 { return append(make([]float32, 0, len(data)), data...) }

func encoded(t *testing.T, f file, s *State) {
	t.Helper()
	head, digestAt, err := encodeHeader(sorted(s.Tensors), s.Metadata)
	if err == nil {
		err = encode(f, head, digestAt, sorted(s.Tensors))
	}
	if err != nil {
		t.Fatal(err)
	}
}

// However it is written, a file has the same bytes.
func TestWriteDirect(t *testing.T) {
	const mega = chunk / 4 // numbers
	for i, c := range []struct {
		joined, refuses bool
		lengths         []int
		past            int
	}{
		{joined: true, lengths: []int{mega*2 + 100, 3, mega + 5, 1}, past: 3},
		{joined: true, refuses: true, lengths: []int{mega * 3, 7}, past: 0},
		{joined: true, lengths: []int{3, mega * 2}, past: 2},
		{joined: true, lengths: []int{mega, mega}, past: 2},
		{joined: true, lengths: []int{mega - 1}, past: 0},
		{joined: false, lengths: []int{mega + 1, mega}, past: 1}, // the second begins in the middle of a page
	} {
		if testing.Short() && i > 1 {
			break // an emulated processor takes seconds for each digest
		}
		s := pieces(c.joined, c.lengths...)
		want, got := &memoryFile{}, &directFile{refuses: c.refuses}
		encoded(t, want, s)
		encoded(t, got, s)
		if !bytes.Equal(got.data, want.data) {
			t.Errorf("%+v: other bytes", c)
		}
		if got.past != c.past || got.direct || got.asked > 1 {
			t.Errorf("%+v: %d chunks past the cache, asked %d times, still: %t", c, got.past, got.asked, got.direct)
		}
		path := filepath.Join(t.TempDir(), "x.bin")
		if err := Write(path, s); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(mustRead(t, path), want.data) {
			t.Errorf("%+v: other bytes on the disk", c)
		}
		if s, err := Read(path); err != nil || len(s.Tensors) != len(c.lengths) || s.Tensors[len(c.lengths)-1].Data[0] != float32(sum(c.lengths[:len(c.lengths)-1])) {
			t.Errorf("%+v: read: %v", c, err)
		}
	}
}

func sum(n []int) (total int) {
	for _, x := range n {
		total += x
	}
	return total
}

// A state that was read lies in one piece, as it is in the file: it is written fast again. So does one
// that is packed, whatever the order of its tensors.
func TestStatesInOnePiece(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.bin")
	if err := Write(path, pieces(false, chunk/4, 5, chunk)); err != nil {
		t.Fatal(err)
	}
	read, err := Read(path)
	if err != nil {
		t.Fatal(err)
	}
	packed := pieces(false, 7, 5, 6)
	packed.Tensors[0].Name, packed.Tensors[1].Shape = "z", []int{5, 1}
	Pack(packed.Tensors, make([]float32, 18))
	for name, s := range map[string]*State{"read": read, "packed": packed} {
		n := 0
		for range inOnePiece(sorted(s.Tensors)) {
			n++
		}
		if n != 1 {
			t.Errorf("%s: %d pieces", name, n)
		}
	}
	if lengths := []int{len(packed.Tensors[0].Data), len(packed.Tensors[1].Data), len(packed.Tensors[2].Data)}; !slices.Equal(lengths, []int{7, 5, 6}) {
		t.Errorf("packed into %d", lengths)
	}
}
