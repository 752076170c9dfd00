package checkpoint

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vggtrain/checkpoint/checkpointtest"
)

// smallFile is a whole file of about 600 bytes.
func smallFile(t *testing.T) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "small.bin")
	s := &State{
		Tensors:  []Tensor{{"a.weight", []int{2, 3}, []float32{1, 2, 3, 4, 5, 6}}, {"optimizer/a", nil, []float32{7}}},
		Metadata: map[string]string{"vggtrain.arch": "name: x\n"},
	}
	if err := Write(path, s); err != nil {
		t.Fatal(err)
	}
	return mustRead(t, path)
}

func decodeBytes(data []byte, foreign bool) (*State, error) {
	return decode(bytes.NewReader(data), int64(len(data)), foreign, everything)
}

// inParts makes sure that ReadMetadata and ReadWeights say of a file what Read says.
func inParts(t *testing.T, data []byte, whole *State, err error) {
	t.Helper()
	for _, part := range []struct {
		keep keep
		want func() []Tensor
	}{{nothing, func() []Tensor { return nil }}, {ofNetwork, func() []Tensor { return whole.Weights() }}} {
		s, partErr := decode(bytes.NewReader(data), int64(len(data)), false, part.keep)
		if fmt.Sprint(err) != fmt.Sprint(partErr) {
			t.Errorf("error %v; of a part %v", err, partErr)
		}
		if err == nil && (!maps.Equal(s.Metadata, whole.Metadata) || !cmp.Equal(s.Tensors, part.want(), bitsEqual)) {
			t.Errorf("a part is %v, the whole %v", s, whole)
		}
	}
}

// isOurs says whether an error is one of the package's, in one line.
func isOurs(err error) bool {
	var e *Error
	return errors.As(err, &e) && !strings.ContainsAny(err.Error(), "\n\r") && e.What != "" && e.Advice != ""
}

func TestEveryFlippedBit(t *testing.T) {
	data := smallFile(t)
	if _, err := decodeBytes(data, false); err != nil {
		t.Fatal(err)
	}
	for i := range data {
		for bit := range 8 {
			data[i] ^= 1 << bit
			if s, err := decodeBytes(data, false); s != nil || !isOurs(err) {
				t.Errorf("byte %d bit %d flipped: %v, %v", i, bit, s, err)
			} else {
				inParts(t, data, s, err)
			}
			// One key alone tells ReadForeign that the file is ours; both cannot be lost to one bit.
			if s, err := decodeBytes(data, true); s != nil || !isOurs(err) {
				t.Errorf("byte %d bit %d flipped, foreign: %v, %v", i, bit, s, err)
			}
			data[i] ^= 1 << bit
		}
	}
}

func TestEveryTruncation(t *testing.T) {
	data := smallFile(t)
	for n := range data {
		if s, err := decodeBytes(data[:n], false); s != nil || !isOurs(err) {
			t.Errorf("%d of %d bytes: %v, %v", n, len(data), s, err)
		} else if n >= 10 && !errors.Is(err, ErrDamaged) {
			t.Errorf("%d of %d bytes: %v, want ErrDamaged", n, len(data), err)
		} else {
			inParts(t, data[:n], s, err)
		}
		// The size is told before the bytes are read: here the file shrinks in between.
		for _, keep := range []keep{everything, ofNetwork, nothing} {
			s, err := decode(bytes.NewReader(data[:n]), int64(len(data)), false, keep)
			if s != nil || !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), "it ended after byte") {
				t.Errorf("%d of %d bytes, shrunk: %v, %v", n, len(data), s, err)
			}
		}
	}
}

func TestAddedBytes(t *testing.T) {
	data := smallFile(t)
	for _, extra := range []string{"\x00", "\n", "0123", strings.Repeat("\x00", 4096)} {
		longer := append(bytes.Clone(data), extra...)
		if s, err := decodeBytes(longer, false); s != nil || !errors.Is(err, ErrDamaged) {
			t.Errorf("%d bytes added: %v, %v", len(extra), s, err)
		}
		if s, err := decode(bytes.NewReader(longer), int64(len(data)), false, everything); s != nil || !errors.Is(err, ErrDamaged) {
			t.Errorf("%d bytes added while it was read: %v, %v", len(extra), s, err)
		}
	}
}

func TestOddHeaders(t *testing.T) {
	a := checkpointtest.Tensor("a", "[2]", 0, 8)
	tests := []struct {
		name, header string
		data         int
	}{
		{"common", "{" + checkpointtest.Meta + a + "}", 8},
		{"metadata last", "{" + a[1:] + "," + checkpointtest.Meta + "}", 8},
		{"zero elements", "{" + checkpointtest.Meta + checkpointtest.Tensor("z", "[0,4611686018427387904,4611686018427387904]", 0, 0) + "}", 0},
	}
	for _, test := range tests {
		if _, err := decodeBytes(checkpointtest.Forge(test.header, test.data), false); err != nil {
			t.Errorf("%s: %v", test.name, err)
		}
	}
}

func TestHostileHeaders(t *testing.T) {
	kinds := map[string]error{}
	for _, kind := range []error{ErrDamaged, ErrUnsupported, ErrNoDigest, ErrVersion} {
		kinds[kind.Error()] = kind
	}
	for _, test := range checkpointtest.Hostile() {
		t.Run(test.Name, func(t *testing.T) {
			s, err := decodeBytes(test.File(), false)
			if s != nil || !errors.Is(err, kinds[test.Kind]) || !isOurs(err) {
				t.Errorf("got %v, %v; want %s", s, err, test.Kind)
			} else if !strings.Contains(err.Error(), test.Want) {
				t.Errorf("got %q, want %q in it", err, test.Want)
			}
		})
	}
}

func TestForeignOrder(t *testing.T) {
	data := checkpointtest.Forge("{"+(checkpointtest.Tensor("b", "[1]", 8, 12) + checkpointtest.Tensor("a", "[2]", 0, 8))[1:]+"}", 12)
	if _, err := decodeBytes(data, true); err != nil {
		t.Error(err)
	}
	data = checkpointtest.Forge("{"+(checkpointtest.Tensor("b", "[1]", 8, 12) + checkpointtest.Tensor("a", "[2]", 0, 8))[1:]+"}", 16)
	if _, err := decodeBytes(data, true); !errors.Is(err, ErrDamaged) {
		t.Errorf("4 bytes too many: %v", err)
	}
}

func TestNotACheckpoint(t *testing.T) {
	dir := t.TempDir()
	tests := []struct {
		name, content string
		kind          error
		want          string
	}{
		{"empty.bin", "", ErrNotSafetensors, "it is empty"},
		{"short.bin", "abc", ErrNotSafetensors, "only 3 bytes"},
		{"text.bin", "This is a letter to you.\n", ErrNotSafetensors, `begins with "This is "`},
		{"weights.json", `{"a": [1, 2, 3], "b": []}`, ErrNotSafetensors, "begins with"},
		{"model.pth", "PK\x03\x04" + strings.Repeat("\x00", 60), ErrNotSafetensors, "begins with"},
		{"zeros.bin", strings.Repeat("\x00", 64), ErrDamaged, "begin with {"},
		{"length.bin", "\xff\xff\xff\xff\xff\xff\xff\x7f{\"a\":1}", ErrDamaged, "announce a header"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			path := filepath.Join(dir, test.name)
			if err := os.WriteFile(path, []byte(test.content), 0o666); err != nil {
				t.Fatal(err)
			}
			for _, read := range []func(string) (*State, error){Read, ReadForeign} {
				_, err := read(path)
				if !errors.Is(err, test.kind) || !isOurs(err) || !strings.HasPrefix(err.Error(), path+": ") || !strings.Contains(err.Error(), test.want) {
					t.Errorf("got %v, want %v, %q", err, test.kind, test.want)
				}
			}
		})
	}
	if _, err := Read(dir); !errors.Is(err, ErrNotSafetensors) || !strings.Contains(err.Error(), "a folder") {
		t.Errorf("a folder: %v", err)
	}
	if _, err := Read(filepath.Join(dir, "none.bin")); !errors.Is(err, fs.ErrNotExist) || !isOurs(err) {
		t.Errorf("missing: %v", err)
	}
	if _, err := Read(filepath.Join("testdata", "foreign.safetensors")); !errors.Is(err, ErrNoDigest) {
		t.Errorf("Read of a foreign file: %v", err)
	}
	if _, err := ReadForeign(filepath.Join("testdata", "foreign-int64.safetensors")); !errors.Is(err, ErrUnsupported) || !strings.Contains(err.Error(), `"I64"`) {
		t.Errorf("integers: %v", err)
	}
}

// The longest headers must not take many times their length.
func TestMemoryBound(t *testing.T) {
	var most, long, tooMany strings.Builder
	for i := range maxKeys {
		entry := checkpointtest.Tensor(fmt.Sprint(i), "[0,0,0,0,0,0,0,0]", 0, 0)
		if i < maxKeys-1 { // and the metadata
			most.WriteString(entry)
			long.WriteString(strings.Replace(entry, `"`, `"`+strings.Repeat("n", 160), 1))
		}
		tooMany.WriteString(entry)
	}
	metadata := strings.Replace(checkpointtest.Meta, `"vggtrain.sha256"`, `"a":"`+strings.Repeat("x", maxHeader-200)+`","vggtrain.sha256"`, 1)
	tests := []struct {
		name, header string
		fits         bool
	}{
		{"most tensors", checkpointtest.Meta + most.String(), true},
		{"too many tensors", checkpointtest.Meta + tooMany.String(), false},
		{"most tensors, of long names", checkpointtest.Meta + long.String(), true},
		{"long metadata", metadata, true},
		{"many brackets", checkpointtest.Meta + `,"a":` + strings.Repeat("[", maxHeader-200), false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			data := checkpointtest.Forge("{"+test.header+"}", 0)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err := decodeBytes(data, false)
			runtime.ReadMemStats(&after)
			if (err == nil) != test.fits {
				t.Fatal(err)
			}
			// All that was allocated, garbage included.
			if got := after.TotalAlloc - before.TotalAlloc; got > 80<<20 {
				t.Errorf("%d KiB allocated for a header of %d KiB", got>>10, len(test.header)>>10)
			}
		})
	}
}
