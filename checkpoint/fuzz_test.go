package checkpoint

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vggtrain/checkpoint/checkpointtest"
	"vggtrain/internal/memory/memorytest"
)

// FuzzDecode decodes files as they are and with the digest put right, so that the header gets
// past it. What decodes is written and decoded again.
func FuzzDecode(f *testing.F) {
	for _, c := range checkpointtest.Hostile() {
		if file := c.File(); len(file) < 16<<10 {
			f.Add(file)
		}
	}
	a := checkpointtest.Tensor("a", "[2]", 0, 8)
	f.Add(checkpointtest.Forge("{"+checkpointtest.Meta+a+"}", 8))
	f.Add(checkpointtest.Forge("{"+a[1:]+"}", 8))
	f.Add([]byte("\x02\x00\x00\x00\x00\x00\x00\x00{}"))
	files, err := filepath.Glob(filepath.Join("testdata", "*.[bs]*"))
	if err != nil || len(files) < 4 {
		f.Fatal(files, err)
	}
	for _, path := range files {
		data, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		fuzzDecode(t, data, true)
		fuzzDecode(t, data, false)
		fuzzDecode(t, sealed(data), false)
	})
}

func fuzzDecode(t *testing.T, data []byte, foreign bool) {
	var s *State
	var err error
	bound := int64(1<<20 + 64*len(data)) // a tensor of 52 bytes in the header takes some 2,200
	if used := memorytest.Allocated(bound, func() { s, err = decodeBytes(data, foreign) }); used > bound {
		t.Errorf("%d bytes allocated for %d, more than %d", used, len(data), bound)
	}
	if (s == nil) == (err == nil) || err != nil && !isOurs(err) {
		t.Fatalf("%v, %v", s, err)
	}
	if err != nil {
		return
	}
	tensors := sorted(s.Tensors)
	head, digestAt, err := encodeHeader(tensors, s.Metadata)
	if err != nil {
		if s.Tensor("") == nil { // which Write does not take
			t.Fatalf("not written: %v", err)
		}
		return
	}
	var file memoryFile
	if err := encode(&file, head, digestAt, tensors); err != nil {
		t.Fatal(err)
	}
	again, err := decodeBytes(file.data, false)
	if err != nil {
		t.Fatalf("written and not read: %v", err)
	}
	wantTensors(t, again, s.Tensors)
	if diff := cmp.Diff(s.Metadata, again.Metadata); diff != "" {
		t.Errorf("metadata (-want +got):\n%s", diff)
	}
}

// sealed returns a file with the right digest, if there is a place for it.
func sealed(data []byte) []byte {
	key := []byte(`"` + digestKey + `":"`)
	at := bytes.Index(data, key) + len(key)
	if at < len(key) || at+digestLen > len(data) {
		return data
	}
	data = bytes.Clone(data)
	place := data[at : at+digestLen]
	copy(place, zeros)
	sum := sha256.Sum256(data)
	hex.Encode(place, sum[:])
	return data
}

// memoryFile is a file in memory.
type memoryFile struct{ data []byte }

func (f *memoryFile) Write(p []byte) (int, error) {
	f.data = append(f.data, p...)
	return len(p), nil
}

func (f *memoryFile) WriteAt(p []byte, at int64) (int, error) { return copy(f.data[at:], p), nil }
func (f *memoryFile) Direct(bool) bool                        { return false }
func (f *memoryFile) Sync() error                             { return nil }
func (f *memoryFile) Close() error                            { return nil }
