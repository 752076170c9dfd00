// Package idxtest makes IDX files for tests.
package idxtest

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"strconv"
	"testing"

	"github.com/klauspost/compress/gzip"
)

// Header returns an IDX header.
func Header(magic uint32, dims ...uint32) []byte {
	h := binary.BigEndian.AppendUint32(nil, magic)
	for _, d := range dims {
		h = binary.BigEndian.AppendUint32(h, d)
	}
	return h
}

// Images returns a file of images of Noise.
func Images(n, rows, cols int) []byte {
	return append(Header(0x803, uint32(n), uint32(rows), uint32(cols)), Noise(n*rows*cols)...)
}

// Labels returns a file of labels.
func Labels(labels ...byte) []byte {
	return append(Header(0x801, uint32(len(labels))), labels...)
}

// Pack returns data as gzip.
func Pack(t testing.TB, data []byte) []byte {
	t.Helper()
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	_, err := w.Write(data)
	if err = cmp.Or(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	return packed.Bytes()
}

// Noise returns the same pixels at each call.
func Noise(size int) []byte {
	var pixels []byte
	for i := 0; len(pixels) < size; i++ {
		block := sha256.Sum256([]byte(strconv.Itoa(i)))
		pixels = append(pixels, block[:]...)
	}
	return pixels[:size]
}
