// Package checkpointtest makes invalid checkpoints, for the tests of their readers.
package checkpointtest

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strings"
)

// Meta is the metadata of a header for Forge.
const Meta = `"__metadata__":{"vggtrain.format":"1","vggtrain.sha256":"$DIGEST"}`

// Tensor is the entry of an F32 tensor in a header, after a comma; shape is JSON.
func Tensor(name, shape string, begin, end int64) string {
	return fmt.Sprintf(`,%q:{"dtype":"F32","shape":%s,"data_offsets":[%d,%d]}`, name, shape, begin, end)
}

// Forge makes a file of a header and data zero bytes. The file's digest, which is right, stands where
// the header has $DIGEST.
func Forge(header string, data int) []byte {
	zeros := bytes.Repeat([]byte{'0'}, 64)
	header = strings.Replace(header, "$DIGEST", string(zeros), 1)
	file := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
	file = append(append(file, header...), make([]byte, data)...)
	sum := sha256.Sum256(file)
	return bytes.Replace(file, zeros, hex.AppendEncode(nil, sum[:]), 1)
}

// Case is a file whose header is wrong.
type Case struct {
	Name   string
	Header string // for Forge
	Data   int    // bytes of it
	Kind   string // of the error: the text of one of checkpoint's
	Want   string // in the error's message
}

// File is the whole file.
func (c *Case) File() []byte { return Forge(c.Header, c.Data) }

// The kinds of errors, as checkpoint's are called.
const (
	damaged     = "damaged"
	unsupported = "unsupported"
	noDigest    = "no digest"
	version     = "later format version"
)

// Hostile returns files that only a reader's own checks find: their digests are right, except for the
// last ones, about digests.
func Hostile() []Case {
	a := Tensor("a", "[2]", 0, 8)
	return []Case{
		{"gap before the first", "{" + Meta + Tensor("a", "[2]", 4, 12) + "}", 12, damaged, "gap"},
		{"gap between", "{" + Meta + a + Tensor("b", "[1]", 12, 16) + "}", 16, damaged, "gap"},
		{"gap at the end", "{" + Meta + a + "}", 12, damaged, "4 bytes follow"},
		{"cut short", "{" + Meta + a + "}", 7, damaged, "cut short: 8 bytes of data announced, 7 present"},
		{"overlap", "{" + Meta + a + Tensor("b", "[2]", 4, 12) + "}", 12, damaged, "overlap"},
		{"same place", "{" + Meta + a + Tensor("b", "[2]", 0, 8) + "}", 8, damaged, "overlap"},
		{"wrong order", "{" + Meta + Tensor("b", "[1]", 8, 12) + a + "}", 12, damaged, "gap"},
		{"end before begin", "{" + Meta + Tensor("a", "[2]", 8, 0) + "}", 8, damaged, "data_offsets"},
		{"offsets too far", "{" + Meta + Tensor("a", "[2]", 0, 9) + "}", 9, damaged, "takes 8 bytes"},
		{"empty between offsets", "{" + Meta + Tensor("a", "[2]", 0, 0) + "}", 0, damaged, "takes 8 bytes"},
		{"name twice", "{" + Meta + a + a + "}", 8, damaged, `key "a" twice`},
		{"name twice, escaped", "{" + Meta + a + strings.Replace(a, `"a"`, `"\u0061"`, 1) + "}", 8, damaged, "twice"},
		{"metadata twice", "{" + Meta + "," + Meta + "}", 0, damaged, "twice"},
		{"digest twice", `{"__metadata__":{"vggtrain.format":"1","vggtrain.sha256":"$DIGEST","vggtrain.sha256":"x"}}`, 0, damaged, "twice"},
		{"dtype twice", "{" + Meta + strings.Replace(a, `"dtype":"F32"`, `"dtype":"F32","dtype":"F32"`, 1) + "}", 8, damaged, "twice"},
		{"no dtype", "{" + Meta + strings.Replace(a, `"dtype":"F32",`, "", 1) + "}", 8, damaged, "without"},
		{"no shape", "{" + Meta + strings.Replace(a, `"shape":[2],`, "", 1) + "}", 8, damaged, "without"},
		{"no offsets", "{" + Meta + strings.Replace(a, `,"data_offsets":[0,8]`, "", 1) + "}", 8, damaged, "without"},
		{"unknown key", "{" + Meta + strings.Replace(a, `"dtype"`, `"type"`, 1) + "}", 8, damaged, `unknown key "type"`},
		{"one offset", "{" + Meta + strings.Replace(a, "[0,8]", "[0]", 1) + "}", 8, damaged, "not two"},
		{"three offsets", "{" + Meta + strings.Replace(a, "[0,8]", "[0,8,8]", 1) + "}", 8, damaged, "more than 2"},
		{"negative offset", "{" + Meta + strings.Replace(a, "[0,8]", "[-8,0]", 1) + "}", 8, damaged, "not an integer"},
		{"negative zero", "{" + Meta + strings.Replace(a, "[0,8]", "[-0,8]", 1) + "}", 8, damaged, "not an integer"},
		{"fraction", "{" + Meta + strings.Replace(a, "[2]", "[2.0]", 1) + "}", 8, damaged, "not an integer"},
		{"exponent", "{" + Meta + strings.Replace(a, "[2]", "[2e0]", 1) + "}", 8, damaged, "not an integer"},
		{"number as string", "{" + Meta + strings.Replace(a, "[2]", `["2"]`, 1) + "}", 8, damaged, "integer expected"},
		{"null", "{" + Meta + strings.Replace(a, "[2]", "null", 1) + "}", 8, damaged, "expected"},
		{"offset of 2⁶³", "{" + Meta + strings.Replace(a, "[0,8]", "[0,9223372036854775808]", 1) + "}", 8, damaged, "2⁶³"},
		{"offset of 100 digits", "{" + Meta + strings.Replace(a, "[0,8]", "[0,"+strings.Repeat("9", 100)+"]", 1) + "}", 8, damaged, "2⁶³"},
		{"shape overflows to 8 bytes", "{" + Meta + Tensor("a", "[4611686018427387905,2]", 0, 8) + "}", 8, damaged, "absurd shape"},
		{"shape overflows to 0", "{" + Meta + Tensor("a", "[4294967296,4294967296]", 0, 0) + "}", 0, damaged, "absurd shape"},
		{"bytes overflow", "{" + Meta + Tensor("a", "[4611686018427387904]", 0, 0) + "}", 0, damaged, "absurd shape"},
		{"huge but consistent", "{" + Meta + Tensor("a", "[1000000000000]", 0, 4000000000000) + "}", 8, damaged, "cut short"},
		{"nine dimensions", "{" + Meta + Tensor("a", "[1,1,1,1,1,1,1,1,2]", 0, 8) + "}", 8, damaged, "more than 8"},
		{"nested shape", "{" + Meta + Tensor("a", "[[2]]", 0, 8) + "}", 8, damaged, "integer expected"},
		{"deep nesting", "{" + Meta + `,"a":` + strings.Repeat("[", 9000) + strings.Repeat("]", 9000) + "}", 8, damaged, "expected"},
		{"deeper nesting", "{" + Meta + `,"a":` + strings.Repeat("[", 1<<20), 8, damaged, "not JSON"},
		{"nested objects", "{" + Meta + `,"a":` + strings.Repeat(`{"dtype":`, 5000) + "1" + strings.Repeat("}", 5000) + "}", 8, damaged, "string expected"},
		{"tensor is a number", "{" + Meta + `,"a":1}`, 8, damaged, "'{' expected"},
		{"metadata is a list", `{"__metadata__":[]}`, 0, damaged, "'{' expected"},
		{"metadata of numbers", `{"__metadata__":{"vggtrain.format":1}}`, 0, damaged, "string expected"},
		{"a list", `[]`, 0, damaged, "begin with {"},
		{"two documents", "{" + Meta + a + "}{}", 8, damaged, "not JSON"},
		{"comma too many", "{" + Meta + a + ",}", 8, damaged, "not JSON"},
		{"unfinished", "{" + Meta + a, 8, damaged, "not JSON"},
		{"not UTF-8", "{" + Meta + strings.Replace(a, `"a"`, "\"\xff\"", 1) + "}", 8, damaged, "UTF-8"},
		{"leading space", " {" + Meta + a + "}", 8, damaged, "begin with {"},
		{"integers", "{" + Meta + strings.Replace(a, "F32", "I32", 1) + "}", 8, unsupported, `"a" is of type "I32"`},
		{"halves", "{" + Meta + strings.Replace(Tensor("a", "[4]", 0, 8), "F32", "F16", 1) + "}", 8, unsupported, `only F32`},
		{"type of a line", "{" + Meta + strings.Replace(a, "F32", `F\n32`, 1) + "}", 8, unsupported, `"F\n32"`},
		{"no metadata", "{" + a[1:] + "}", 8, noDigest, "no digest"},
		{"no digest", `{"__metadata__":{"vggtrain.format":"1"}}`, 0, noDigest, "no digest"},
		{"no format", `{"__metadata__":{"vggtrain.sha256":"$DIGEST"}}`, 0, version, `version ""`},
		{"later format", `{"__metadata__":{"vggtrain.format":"2","vggtrain.sha256":"$DIGEST"}}`, 100, version, `version "2"`},
		{"short digest", `{"__metadata__":{"vggtrain.format":"1","vggtrain.sha256":"00"}}`, 0, damaged, "64 hexadecimal digits"},
		{"upper-case digest", `{"__metadata__":{"vggtrain.format":"1","vggtrain.sha256":"` + strings.Repeat("A", 64) + `"}}`, 0, damaged, "among its digits"},
		{"escaped digest", `{"__metadata__":{"vggtrain.format":"1","vggtrain.sha256":"\u0061` + strings.Repeat("a", 63) + `"}}`, 0, damaged, "64 hexadecimal digits"},
		{"wrong digest", strings.Replace("{"+Meta+a+"}", "$DIGEST", strings.Repeat("a", 64), 1), 8, damaged, "SHA-256"},
	}
}
