package checkpoint

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"iter"
	"maps"
	"math"
	"slices"
	"strings"
	"syscall"
	"unicode/utf8"
	"unsafe"

	"vggtrain/internal/display"
)

// Write writes a state, with the tensors sorted by name. It replaces the file at path atomically, see
// Replace. The tensors are streamed: the state must not change meanwhile. The same state gives the
// same bytes.
func Write(path string, s *State) error {
	return write(osFilesystem{}, path, s)
}

func write(fsys filesystem, path string, s *State) error {
	tensors := sorted(s.Tensors)
	head, digestAt, err := encodeHeader(tensors, s.Metadata)
	if err != nil {
		return fmt.Errorf("checkpoint: %s: %w", path, err)
	}
	return replace(fsys, path, func(f file) error { return encode(f, head, digestAt, tensors) })
}

// Pack sets the tensors' Data to slices of one arena, in Write's order, so that Write needs one call
// for all. The arena's length is the sum of the tensors'.
func Pack(tensors []Tensor, arena []float32) {
	for _, t := range sorted(tensors) {
		n := 1
		for _, d := range t.Shape {
			n *= d
		}
		t.Data, arena = arena[:n], arena[n:]
	}
}

// sorted returns tensors in the order of their names.
func sorted(tensors []Tensor) []*Tensor {
	var list []*Tensor
	for i := range tensors {
		list = append(list, &tensors[i])
	}
	slices.SortStableFunc(list, func(a, b *Tensor) int { return cmp.Compare(a.Name, b.Name) })
	return list
}

// encode writes the file with zeros for the digest and then puts it in its place.
func encode(f file, head []byte, digestAt int64, tensors []*Tensor) error {
	sum := newDigest()
	if _, err := f.Write(head); err != nil {
		return err
	}
	sum.Write(head)
	at := int64(len(head))
	for data := range inOnePiece(tensors) {
		if err := writeData(f, sum, data, at); err != nil {
			return err
		}
		at += 4 * int64(len(data))
	}
	_, err := f.WriteAt(digits(sum), digestAt)
	return err
}

// inOnePiece returns the tensors' data. Those that Pack, or Read, has put one after the other are one slice.
func inOnePiece(tensors []*Tensor) iter.Seq[[]float32] {
	return func(yield func([]float32) bool) {
		for i := 0; i < len(tensors); {
			data := tensors[i].Data
			for i++; i < len(tensors) && adjacent(data, tensors[i].Data); i++ {
				data = data[:len(data)+len(tensors[i].Data)]
			}
			if !yield(data) {
				return
			}
		}
	}
}

// adjacent reports whether b begins where a ends, within a's capacity.
func adjacent(a, b []float32) bool {
	return len(a) > 0 && len(b) > 0 && cap(a) >= len(a)+len(b) && &a[:len(a)+1][len(a)] == &b[0]
}

// writeData writes data from byte at of the file, and hashes it. Whole chunks bypass the system's
// cache where possible: nobody will read them soon, and filling the cache takes a third of the time
// that a save takes from the training.
func writeData(f file, sum hash.Hash, data []float32, at int64) error {
	direct, may := false, true
	for piece := range slices.Chunk(data, chunk/4) {
		p := fileForm(piece)
		want := may && len(p) == chunk && at%page == 0 && uintptr(unsafe.Pointer(unsafe.SliceData(p)))%page == 0
		if want != direct {
			direct = f.Direct(want) && want
			may = direct || !want
		}
		sum.Write(p)
		n, err := f.Write(p)
		if direct && errors.Is(err, syscall.EINVAL) { // a file system that wants more than pages
			f.Direct(false)
			direct, may = false, false
			_, err = f.Write(p[n:])
		}
		if err != nil {
			return err
		}
		at += int64(len(p))
	}
	if direct {
		f.Direct(false)
	}
	return nil
}

// encodeHeader returns the bytes before the data, zeros in the digest's place, and where in the
// file that is.
func encodeHeader(tensors []*Tensor, metadata map[string]string) (head []byte, digestAt int64, err error) {
	if len(tensors) >= maxKeys || len(metadata) > maxKeys-2 {
		return nil, 0, fmt.Errorf("%d tensors and %d entries of metadata are too many", len(tensors), len(metadata))
	}
	if err := checkMetadata(metadata); err != nil {
		return nil, 0, err
	}
	head = append(make([]byte, 8), `{"__metadata__":{`...)
	// The container's own entries first, so that they are seen by whoever opens the file.
	head = fmt.Appendf(head, "%q:%q,%q:%q", formatKey, Version, digestKey, zeros)
	digestAt = int64(len(head) - 1 - digestLen)
	for _, key := range slices.Sorted(maps.Keys(metadata)) {
		head = appendString(append(head, ','), key)
		head = appendString(append(head, ':'), metadata[key])
	}
	head = append(head, '}')
	var begin int64
	for i, t := range tensors {
		if i > 0 && t.Name == tensors[i-1].Name {
			return nil, 0, fmt.Errorf("two tensors %s", display.Quote(t.Name))
		}
		if err := checkTensor(t); err != nil {
			return nil, 0, err
		}
		end := begin + 4*int64(len(t.Data))
		head = appendString(append(head, ','), t.Name)
		shape := strings.ReplaceAll(fmt.Sprint(t.Shape), " ", ",")
		head = fmt.Appendf(head, `:{"dtype":"F32","shape":%s,"data_offsets":[%d,%d]}`, shape, begin, end)
		begin = end
	}
	head = append(head, '}')
	align := 8
	if begin >= chunk {
		align = page
	}
	for len(head)%align != 0 {
		head = append(head, ' ')
	}
	n := len(head) - 8
	if n > maxHeader {
		return nil, 0, fmt.Errorf("the header would take %d bytes, more than the %d that are read", n, maxHeader)
	}
	binary.LittleEndian.PutUint64(head, uint64(n))
	return head, digestAt, nil
}

func checkMetadata(metadata map[string]string) error {
	for key, value := range metadata {
		if key == formatKey || key == digestKey {
			return fmt.Errorf("metadata %s is the container's own", key)
		}
		if !utf8.ValidString(key) || !utf8.ValidString(value) {
			return fmt.Errorf("metadata %s is not UTF-8", display.Quote(key))
		}
	}
	return nil
}

func checkTensor(t *Tensor) error {
	if t.Name == "" || t.Name == "__metadata__" || !utf8.ValidString(t.Name) {
		return fmt.Errorf("a tensor cannot be called %s", display.Quote(t.Name))
	}
	if len(t.Shape) > maxRank {
		return fmt.Errorf("tensor %s has %d dimensions, more than %d", display.Quote(t.Name), len(t.Shape), maxRank)
	}
	elements := 1
	for _, d := range t.Shape {
		if d < 0 || d > 0 && elements > math.MaxInt/d {
			return fmt.Errorf("tensor %s has an absurd shape %v", display.Quote(t.Name), t.Shape)
		}
		elements *= d
	}
	if elements != len(t.Data) {
		return fmt.Errorf("tensor %s of shape %v has %d values", display.Quote(t.Name), t.Shape, len(t.Data))
	}
	return nil
}

// appendString appends a string as JSON, without the escapes that only HTML needs.
func appendString(dst []byte, s string) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(s) // neither a string nor the buffer fails
	return append(dst, bytes.TrimSuffix(b.Bytes(), []byte("\n"))...)
}
