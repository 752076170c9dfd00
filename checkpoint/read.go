package checkpoint

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"slices"
	"strings"

	"vggtrain/internal/display"
	"vggtrain/internal/memory"
)

// Read reads a file that Write wrote. It checks everything, including the digest. Memory is bounded
// by the file's length plus a small multiple of the header's. NaN and infinite numbers are allowed.
func Read(path string) (*State, error) { return read(path, false, everything) }

// ReadWeights is like Read, for the network's own tensors only. It takes no memory for the state of
// the training.
func ReadWeights(path string) (*State, error) { return read(path, false, ofNetwork) }

// ReadForeign reads any safetensors file of F32, F64, F16 or BF16 tensors, converted to float32. A
// file with vggtrain's format or digest is read as by Read.
func ReadForeign(path string) (*State, error) { return read(path, true, everything) }

// ReadMetadata is like Read, without the tensors' memory.
func ReadMetadata(path string) (map[string]string, error) {
	s, err := read(path, false, nothing)
	if err != nil {
		return nil, err
	}
	return s.Metadata, nil
}

// keep says which tensors, by their names, a state is to have.
type keep func(name string) bool

func everything(string) bool { return true }
func nothing(string) bool    { return false }

// ofNetwork reports whether a tensor is the network's own, not state of the training.
func ofNetwork(name string) bool { return !strings.Contains(name, "/") }

func read(path string, foreign bool, keep keep) (*State, error) {
	f, size, err := openRegular(path)
	if err != nil {
		return nil, at(path, err)
	}
	defer f.Close()
	s, err := decode(f, size, foreign, keep)
	if err != nil {
		return nil, at(path, err)
	}
	return s, nil
}

// openRegular opens a file and returns its length.
func openRegular(path string) (f *os.File, size int64, err error) {
	info, err := os.Stat(path) // before opening: to open a pipe would wait for its writer
	switch {
	case err != nil:
		return nil, 0, err
	case info.IsDir():
		return nil, 0, notSafetensors("a folder")
	case !info.Mode().IsRegular():
		return nil, 0, notSafetensors("not a file")
	}
	if f, err = os.Open(path); err != nil {
		return nil, 0, err
	}
	if info, err = f.Stat(); err != nil {
		f.Close()
		return nil, 0, err
	}
	return f, info.Size(), nil
}

// decode reads a file of size bytes.
func decode(r io.Reader, size int64, foreign bool, keep keep) (*State, error) {
	head, err := readHead(r, size)
	if err != nil {
		return nil, err
	}
	h, err := parseHeader(head[8:])
	if err != nil {
		return nil, err
	}
	_, ours := h.metadata[formatKey]
	ours = ours || h.digestAt > 0
	if !ours && foreign {
		return h.load(r, nil, size-int64(len(head)), true, keep)
	}
	return h.loadOurs(r, head, size-int64(len(head)), keep)
}

// readHead reads the eight bytes of the header's length and the header.
func readHead(r io.Reader, size int64) ([]byte, error) {
	if size == 0 {
		return nil, notSafetensors("it is empty")
	}
	start := make([]byte, min(size, 10)) // the length and the beginning of the JSON
	if _, err := io.ReadFull(r, start); err != nil {
		return nil, readError(err, 0, size)
	}
	// A header begins with {"…, or is {}. Where it does, a wrong length is damage, not another kind of file.
	looksRight := len(start) == 10 && start[8] == '{' && (start[9] == '"' || start[9] == '}')
	if len(start) < 10 {
		return nil, notSafetensors("it has only %d bytes", size)
	}
	n := binary.LittleEndian.Uint64(start)
	switch {
	case n > maxHeader && !looksRight:
		return nil, notSafetensors("it begins with %q", start[:8])
	case n > maxHeader:
		return nil, damaged("its first 8 bytes announce a header of %d bytes, more than the %d that are read", n, maxHeader)
	case n > uint64(size-8):
		return nil, damaged("cut short: a header of %d bytes announced, %d bytes present", n, size-8)
	case n < 2 || start[8] != '{':
		return nil, damaged("its header does not begin with { at byte 8")
	}
	head := make([]byte, 8+n)
	k := copy(head, start)
	if _, err := io.ReadFull(r, head[k:]); err != nil {
		return nil, readError(err, int64(k), size)
	}
	return head, nil
}

// loadOurs reads the data of a file with a digest.
func (h *header) loadOurs(r io.Reader, head []byte, dataLen int64, keep keep) (*State, error) {
	if h.digestAt == 0 {
		advice := adviceInit
		if _, ours := h.metadata[formatKey]; ours {
			advice = adviceCopy
		}
		return nil, &Error{What: fmt.Sprintf("no digest (%s): not a checkpoint of vggtrain, or damaged", digestKey),
			Advice: advice, Err: ErrNoDigest}
	}
	place := head[8+h.digestAt:][:digestLen]
	want := bytes.Clone(place)
	copy(place, zeros)
	sum := newDigest()
	sum.Write(head)

	if version := h.metadata[formatKey]; version != Version {
		// The digest first: only a whole file is believed about its version.
		if n, err := io.Copy(sum, r); err != nil {
			return nil, readError(err, int64(len(head))+n, int64(len(head))+dataLen)
		}
		if err := compareDigest(sum, want); err != nil {
			return nil, err
		}
		return nil, &Error{What: fmt.Sprintf("format version %s, and this vggtrain reads version %s", display.Quote(version), Version),
			Advice: adviceUpdate, Err: ErrVersion}
	}
	s, err := h.load(r, sum, dataLen, false, keep)
	if err != nil {
		return nil, err
	}
	if err := compareDigest(sum, want); err != nil {
		return nil, err
	}
	delete(s.Metadata, formatKey)
	delete(s.Metadata, digestKey)
	return s, nil
}

// load checks the entries, reads dataLen bytes of data, through sum where there is one, and sees
// that nothing follows.
func (h *header) load(r io.Reader, sum hash.Hash, dataLen int64, foreign bool, keep keep) (*State, error) {
	if err := h.check(dataLen, foreign); err != nil {
		return nil, err
	}
	s := &State{Metadata: h.metadata}
	if s.Metadata == nil {
		s.Metadata = map[string]string{}
	}
	var err error
	if s.Tensors, err = h.tensors(r, sum, dataLen, keep); err != nil {
		return nil, err
	}
	if n, err := io.ReadFull(r, make([]byte, 1)); n > 0 {
		return nil, damaged("it grew while it was read")
	} else if err != io.EOF {
		return nil, readError(err, dataLen, dataLen)
	}
	return s, nil
}

// tensors reads the data of the tensors to keep. It only hashes the other data.
func (h *header) tensors(r io.Reader, sum hash.Hash, dataLen int64, keep keep) ([]Tensor, error) {
	var longest, elements int64 // of what goes through buf, in bytes; of what is kept
	for _, e := range h.entries {
		if keep(e.name) {
			elements += e.elements // check has seen that they are in the file
		}
		if !dtypes[e.dtype].native || !keep(e.name) {
			longest = max(longest, e.end-e.begin)
		}
	}
	buf := make([]byte, min(chunk, longest))
	if err := memory.Room(4 * elements); err != nil {
		return nil, &Error{What: err.Error(), Advice: "give the program more", Err: err}
	}
	all := make([]float32, elements) // as Pack would, so that they can be written again as one
	var tensors []Tensor
	for _, e := range h.entries {
		if !keep(e.name) {
			if n, err := pass(r, sum, e.end-e.begin, buf); err != nil {
				return nil, readError(err, e.begin+n, dataLen)
			}
			continue
		}
		t := Tensor{Name: e.name, Shape: e.shape, Data: all[:e.elements]}
		all = all[e.elements:]
		if err := t.load(r, sum, dtypes[e.dtype], buf); err != nil {
			return nil, readError(err, e.begin, dataLen)
		}
		tensors = append(tensors, t)
	}
	return tensors, nil
}

// pass hashes the next n bytes, by way of buf, and returns how many there were.
func pass(r io.Reader, sum hash.Hash, n int64, buf []byte) (int64, error) {
	if n == 0 {
		return 0, nil
	}
	done, err := io.CopyBuffer(sum, io.LimitReader(r, n), buf)
	if err == nil && done < n {
		err = io.ErrUnexpectedEOF
	}
	return done, err
}

// load reads the tensor's values, of type d in the file, through sum where there is one. F32 is
// read into its place, the others by way of buf.
func (t *Tensor) load(r io.Reader, sum hash.Hash, d dtype, buf []byte) error {
	for piece := range slices.Chunk(t.Data, chunk/d.size) {
		raw := memoryOf(piece)
		if !d.native {
			raw = buf[:len(piece)*d.size]
		}
		if _, err := io.ReadFull(r, raw); err != nil {
			return err
		}
		if sum != nil {
			sum.Write(raw)
		}
		if !d.native || bigEndian {
			d.decode(piece, raw)
		}
	}
	return nil
}

// readError is an error of the system, or that the file ended before its size.
func readError(err error, offset, size int64) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return damaged("it ended after byte %d while it was read, of %d bytes", offset, size)
	}
	return err
}
