package checkpoint

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
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
	return decode(bytes.NewReader(data), int64(len(data)), foreign)
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
		}
		// The size is told before the bytes are read: here the file shrinks in between.
		if s, err := decode(bytes.NewReader(data[:n]), int64(len(data)), false); s != nil || !errors.Is(err, ErrDamaged) {
			t.Errorf("%d of %d bytes, shrunk: %v, %v", n, len(data), s, err)
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
		if s, err := decode(bytes.NewReader(longer), int64(len(data)), false); s != nil || !errors.Is(err, ErrDamaged) {
			t.Errorf("%d bytes added while it was read: %v, %v", len(extra), s, err)
		}
	}
}

// forge makes a file of a header and data with a digest that fits: where the header has $DIGEST.
func forge(header string, data int) []byte {
	header = strings.Replace(header, "$DIGEST", string(zeros), 1)
	file := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
	file = append(append(file, header...), make([]byte, data)...)
	sum := sha256.Sum256(file)
	return bytes.Replace(file, zeros, hex.AppendEncode(nil, sum[:]), 1)
}

const meta = `"__metadata__":{"vggtrain.format":"1","vggtrain.sha256":"$DIGEST"}`

// tensor is a header's entry of F32.
func tensor(name, shape string, begin, end int64) string {
	return fmt.Sprintf(`,%q:{"dtype":"F32","shape":%s,"data_offsets":[%d,%d]}`, name, shape, begin, end)
}

func TestHostileHeaders(t *testing.T) {
	a := tensor("a", "[2]", 0, 8)
	tests := []struct {
		name   string
		header string
		data   int
		kind   error
		want   string // in the message
	}{
		{"good", "{" + meta + a + "}", 8, nil, ""},
		{"metadata last", "{" + a[1:] + "," + meta + "}", 8, nil, ""},
		{"zero elements", "{" + meta + tensor("z", "[0,4611686018427387904,4611686018427387904]", 0, 0) + "}", 0, nil, ""},

		{"gap before the first", "{" + meta + tensor("a", "[2]", 4, 12) + "}", 12, ErrDamaged, "gap"},
		{"gap between", "{" + meta + a + tensor("b", "[1]", 12, 16) + "}", 16, ErrDamaged, "gap"},
		{"gap at the end", "{" + meta + a + "}", 12, ErrDamaged, "4 bytes follow"},
		{"cut short", "{" + meta + a + "}", 7, ErrDamaged, "cut short: 8 bytes of data announced, 7 present"},
		{"overlap", "{" + meta + a + tensor("b", "[2]", 4, 12) + "}", 12, ErrDamaged, "overlap"},
		{"same place", "{" + meta + a + tensor("b", "[2]", 0, 8) + "}", 8, ErrDamaged, "overlap"},
		{"wrong order", "{" + meta + tensor("b", "[1]", 8, 12) + a + "}", 12, ErrDamaged, "gap"},
		{"end before begin", "{" + meta + tensor("a", "[2]", 8, 0) + "}", 8, ErrDamaged, "data_offsets"},
		{"offsets too far", "{" + meta + tensor("a", "[2]", 0, 9) + "}", 9, ErrDamaged, "takes 8 bytes"},
		{"empty between offsets", "{" + meta + tensor("a", "[2]", 0, 0) + "}", 0, ErrDamaged, "takes 8 bytes"},
		{"name twice", "{" + meta + a + a + "}", 8, ErrDamaged, `key "a" twice`},
		{"name twice, escaped", "{" + meta + a + strings.Replace(a, `"a"`, `"\u0061"`, 1) + "}", 8, ErrDamaged, "twice"},
		{"metadata twice", "{" + meta + "," + meta + "}", 0, ErrDamaged, "twice"},
		{"digest twice", `{"__metadata__":{"vggtrain.format":"1","vggtrain.sha256":"$DIGEST","vggtrain.sha256":"x"}}`, 0, ErrDamaged, "twice"},
		{"dtype twice", "{" + meta + strings.Replace(a, `"dtype":"F32"`, `"dtype":"F32","dtype":"F32"`, 1) + "}", 8, ErrDamaged, "twice"},
		{"no dtype", "{" + meta + strings.Replace(a, `"dtype":"F32",`, "", 1) + "}", 8, ErrDamaged, "without"},
		{"no shape", "{" + meta + strings.Replace(a, `"shape":[2],`, "", 1) + "}", 8, ErrDamaged, "without"},
		{"no offsets", "{" + meta + strings.Replace(a, `,"data_offsets":[0,8]`, "", 1) + "}", 8, ErrDamaged, "without"},
		{"unknown key", "{" + meta + strings.Replace(a, `"dtype"`, `"type"`, 1) + "}", 8, ErrDamaged, `unknown key "type"`},
		{"one offset", "{" + meta + strings.Replace(a, "[0,8]", "[0]", 1) + "}", 8, ErrDamaged, "not two"},
		{"three offsets", "{" + meta + strings.Replace(a, "[0,8]", "[0,8,8]", 1) + "}", 8, ErrDamaged, "more than 2"},
		{"negative offset", "{" + meta + strings.Replace(a, "[0,8]", "[-8,0]", 1) + "}", 8, ErrDamaged, "not an integer"},
		{"negative zero", "{" + meta + strings.Replace(a, "[0,8]", "[-0,8]", 1) + "}", 8, ErrDamaged, "not an integer"},
		{"fraction", "{" + meta + strings.Replace(a, "[2]", "[2.0]", 1) + "}", 8, ErrDamaged, "not an integer"},
		{"exponent", "{" + meta + strings.Replace(a, "[2]", "[2e0]", 1) + "}", 8, ErrDamaged, "not an integer"},
		{"number as string", "{" + meta + strings.Replace(a, "[2]", `["2"]`, 1) + "}", 8, ErrDamaged, "integer expected"},
		{"null", "{" + meta + strings.Replace(a, "[2]", "null", 1) + "}", 8, ErrDamaged, "expected"},
		{"offset of 2⁶³", "{" + meta + strings.Replace(a, "[0,8]", "[0,9223372036854775808]", 1) + "}", 8, ErrDamaged, "2⁶³"},
		{"offset of 100 digits", "{" + meta + strings.Replace(a, "[0,8]", "[0,"+strings.Repeat("9", 100)+"]", 1) + "}", 8, ErrDamaged, "2⁶³"},
		{"shape overflows to 8 bytes", "{" + meta + tensor("a", "[4611686018427387905,2]", 0, 8) + "}", 8, ErrDamaged, "absurd shape"},
		{"shape overflows to 0", "{" + meta + tensor("a", "[4294967296,4294967296]", 0, 0) + "}", 0, ErrDamaged, "absurd shape"},
		{"bytes overflow", "{" + meta + tensor("a", "[4611686018427387904]", 0, 0) + "}", 0, ErrDamaged, "absurd shape"},
		{"huge but consistent", "{" + meta + tensor("a", "[1000000000000]", 0, 4000000000000) + "}", 8, ErrDamaged, "cut short"},
		{"nine dimensions", "{" + meta + tensor("a", "[1,1,1,1,1,1,1,1,2]", 0, 8) + "}", 8, ErrDamaged, "more than 8"},
		{"nested shape", "{" + meta + tensor("a", "[[2]]", 0, 8) + "}", 8, ErrDamaged, "integer expected"},
		{"deep nesting", "{" + meta + `,"a":` + strings.Repeat("[", 9000) + strings.Repeat("]", 9000) + "}", 8, ErrDamaged, "expected"},
		{"deeper nesting", "{" + meta + `,"a":` + strings.Repeat("[", 1<<20), 8, ErrDamaged, "not JSON"},
		{"nested objects", "{" + meta + `,"a":` + strings.Repeat(`{"dtype":`, 5000) + "1" + strings.Repeat("}", 5000) + "}", 8, ErrDamaged, "string expected"},
		{"tensor is a number", "{" + meta + `,"a":1}`, 8, ErrDamaged, "'{' expected"},
		{"metadata is a list", `{"__metadata__":[]}`, 0, ErrDamaged, "'{' expected"},
		{"metadata of numbers", `{"__metadata__":{"vggtrain.format":1}}`, 0, ErrDamaged, "string expected"},
		{"a list", `[]`, 0, ErrDamaged, "begin with {"},
		{"two documents", "{" + meta + a + "}{}", 8, ErrDamaged, "not JSON"},
		{"comma too many", "{" + meta + a + ",}", 8, ErrDamaged, "not JSON"},
		{"unfinished", "{" + meta + a, 8, ErrDamaged, "not JSON"},
		{"not UTF-8", "{" + meta + strings.Replace(a, `"a"`, "\"\xff\"", 1) + "}", 8, ErrDamaged, "UTF-8"},
		{"leading space", " {" + meta + a + "}", 8, ErrDamaged, "begin with {"},
		{"integers", "{" + meta + strings.Replace(a, "F32", "I32", 1) + "}", 8, ErrUnsupported, `"a" is of type "I32"`},
		{"halves", "{" + meta + strings.Replace(tensor("a", "[4]", 0, 8), "F32", "F16", 1) + "}", 8, ErrUnsupported, `only F32`},
		{"type of a line", "{" + meta + strings.Replace(a, "F32", `F\n32`, 1) + "}", 8, ErrUnsupported, `"F\n32"`},
		{"no metadata", "{" + a[1:] + "}", 8, ErrNoDigest, "no digest"},
		{"no digest", `{"__metadata__":{"vggtrain.format":"1"}}`, 0, ErrNoDigest, "no digest"},
		{"no format", `{"__metadata__":{"vggtrain.sha256":"$DIGEST"}}`, 0, ErrVersion, `version ""`},
		{"later format", `{"__metadata__":{"vggtrain.format":"2","vggtrain.sha256":"$DIGEST"}}`, 100, ErrVersion, `version "2"`},
		{"short digest", `{"__metadata__":{"vggtrain.format":"1","vggtrain.sha256":"00"}}`, 0, ErrDamaged, "64 hexadecimal digits"},
		{"upper-case digest", `{"__metadata__":{"vggtrain.format":"1","vggtrain.sha256":"` + strings.Repeat("A", 64) + `"}}`, 0, ErrDamaged, "among its digits"},
		{"escaped digest", `{"__metadata__":{"vggtrain.format":"1","vggtrain.sha256":"\u0061` + strings.Repeat("a", 63) + `"}}`, 0, ErrDamaged, "64 hexadecimal digits"},
		{"wrong digest", strings.Replace("{"+meta+a+"}", "$DIGEST", strings.Repeat("a", 64), 1), 8, ErrDamaged, "SHA-256"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s, err := decodeBytes(forge(test.header, test.data), false)
			if test.kind == nil {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if s != nil || !errors.Is(err, test.kind) || !isOurs(err) {
				t.Errorf("got %v, %v; want %v", s, err, test.kind)
			} else if !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %q, want %q in it", err, test.want)
			}
		})
	}
}

func TestForeignOrder(t *testing.T) {
	data := forge("{"+(tensor("b", "[1]", 8, 12) + tensor("a", "[2]", 0, 8))[1:]+"}", 12)
	if _, err := decodeBytes(data, true); err != nil {
		t.Error(err)
	}
	data = forge("{"+(tensor("b", "[1]", 8, 12) + tensor("a", "[2]", 0, 8))[1:]+"}", 16)
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
	var most, tooMany strings.Builder
	for i := range maxKeys {
		entry := tensor(fmt.Sprint(i), "[0,0,0,0,0,0,0,0]", 0, 0)
		if i < maxKeys-1 { // and the metadata
			most.WriteString(entry)
		}
		tooMany.WriteString(entry)
	}
	long := strings.Replace(meta, `"vggtrain.sha256"`, `"a":"`+strings.Repeat("x", maxHeader-200)+`","vggtrain.sha256"`, 1)
	tests := []struct {
		name, header string
		fits         bool
	}{
		{"most tensors", meta + most.String(), true},
		{"too many tensors", meta + tooMany.String(), false},
		{"long metadata", long, true},
		{"many brackets", meta + `,"a":` + strings.Repeat("[", maxHeader-200), false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			data := forge("{"+test.header+"}", 0)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err := decodeBytes(data, false)
			runtime.ReadMemStats(&after)
			if (err == nil) != test.fits {
				t.Fatal(err)
			}
			// All that was allocated, garbage included.
			if got := after.TotalAlloc - before.TotalAlloc; got > 80<<20 {
				t.Errorf("%d MB allocated for a header of %d MB", got>>20, len(test.header)>>20)
			}
		})
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(forge("{"+meta+tensor("a", "[2]", 0, 8)+"}", 8))
	f.Add([]byte("\x02\x00\x00\x00\x00\x00\x00\x00{}"))
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, foreign := range []bool{false, true} {
			if s, err := decodeBytes(data, foreign); (s == nil) == (err == nil) || err != nil && !isOurs(err) {
				t.Fatalf("%v, %v", s, err)
			}
		}
	})
}
