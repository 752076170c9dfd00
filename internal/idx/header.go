package idx

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"

	"github.com/dustin/go-humanize"
)

// The IDX format (LeCun's MNIST page): two zero bytes, the type of the values, the number of
// dimensions, each dimension, then the values, all big-endian.

// The magic numbers of nearly all files: unsigned bytes, N×H×W and N.
const (
	ImagesMagic = 0x00000803
	LabelsMagic = 0x00000801
)

// ubyte is the type of unsigned bytes, which nearly all files hold.
const ubyte = 0x08

// valueTypes are the types of values: bytes a value, and how it is read. There are no others: 0x0a
// stands for nothing.
var valueTypes = map[byte]struct {
	size  int64
	value func([]byte) float64
}{
	ubyte: {1, func(b []byte) float64 { return float64(b[0]) }},
	0x09:  {1, func(b []byte) float64 { return float64(int8(b[0])) }},
	0x0b:  {2, func(b []byte) float64 { return float64(int16(binary.BigEndian.Uint16(b))) }},
	0x0c:  {4, func(b []byte) float64 { return float64(int32(binary.BigEndian.Uint32(b))) }},
	0x0d:  {4, func(b []byte) float64 { return float64(math.Float32frombits(binary.BigEndian.Uint32(b))) }},
	0x0e:  {8, func(b []byte) float64 { return math.Float64frombits(binary.BigEndian.Uint64(b)) }},
}

// maxInteger is the largest whole number up to which a float64 has all of them.
const maxInteger = 1 << 53

// header is the checked start of a file.
type header struct {
	bytes []byte // all of it
	dims  []int
	size  int64 // bytes of all values
}

// valueType is the third byte of the magic number.
func (h *header) valueType() byte { return h.bytes[2] }

// readHeader reads the header of a file of the kind and checks all bounds.
func readHeader(r io.Reader, kind Kind, largest int64) (*header, error) {
	h := &header{bytes: make([]byte, 4, 16)}
	if n, err := io.ReadFull(r, h.bytes); err != nil {
		return nil, broken(err, "the header has %d bytes instead of 8 or more: the file is cut short; fetch it again", n)
	}
	got, found := kindOf(h.bytes)
	switch {
	case !found && h.hasMoreDims():
		return nil, fmt.Errorf("magic number %#08x: %d dimensions: images are read of 3, grey ones, and labels of 1 or 2; write pictures in colour as files, in a folder for each class",
			binary.BigEndian.Uint32(h.bytes), h.bytes[3])
	case !found:
		return nil, fmt.Errorf("magic number %#08x: this is no IDX file of %s", binary.BigEndian.Uint32(h.bytes), kind.unit())
	case got != kind:
		return nil, fmt.Errorf("magic number %#08x: this is an IDX file of %s, not of %s", binary.BigEndian.Uint32(h.bytes), got.unit(), kind.unit())
	}
	h.bytes = h.bytes[:4+4*int(h.bytes[3])]
	if n, err := io.ReadFull(r, h.bytes[4:]); err != nil {
		return nil, broken(err, "the header has %d bytes instead of %d: the file is cut short; fetch it again", 4+n, len(h.bytes))
	}
	return h, h.measure(kind, largest)
}

// kindOf returns what a file of the magic number holds.
func kindOf(magic []byte) (kind Kind, known bool) {
	_, known = valueTypes[magic[2]]
	switch dims := magic[3]; {
	case magic[0] != 0 || magic[1] != 0 || !known:
	case dims == 3:
		return Images, true
	case dims == 1 || dims == 2:
		return Labels, true
	}
	return 0, false
}

// hasMoreDims reports whether a file is of IDX, but of more dimensions than are read.
func (h *header) hasMoreDims() bool {
	_, known := valueTypes[h.valueType()]
	return known && h.bytes[0] == 0 && h.bytes[1] == 0 && h.bytes[3] > 3
}

// measure sets dims and size.
func (h *header) measure(kind Kind, largest int64) error {
	h.size = valueTypes[h.valueType()].size
	for at := 4; at < len(h.bytes); at += 4 {
		dim := int64(binary.BigEndian.Uint32(h.bytes[at:]))
		switch {
		case at == 4 && dim == 0:
			return fmt.Errorf("no %s announced: the set is empty", kind.unit())
		case at == 4 && kind == Labels && dim > MaxLabels:
			return fmt.Errorf("%s labels announced: no more than %s are read", humanize.Comma(dim), humanize.Comma(MaxLabels))
		case at > 4 && (dim < 1 || dim > MaxSide):
			return fmt.Errorf("a side of %s %s announced: sides from 1 to %s are read", humanize.Comma(dim), kind.unit(), humanize.Comma(MaxSide))
		}
		h.dims = append(h.dims, int(dim))
		h.size *= dim // below 2³²·2¹⁰·2¹⁰·2³
	}
	if h.size > largest {
		return fmt.Errorf("%s bytes of %s announced: no more than %s are read", humanize.Comma(h.size), kind.unit(), humanize.Comma(largest))
	}
	return nil
}

// pixels returns the values as bytes. Those of unsigned bytes are data itself.
func (h *header) pixels(data []byte) ([]byte, error) {
	if h.valueType() == ubyte {
		return data, nil
	}
	t := valueTypes[h.valueType()]
	pixels := make([]byte, int64(len(data))/t.size)
	for i := range pixels {
		v := t.value(data[int64(i)*t.size:])
		pixels[i] = byte(max(0, min(v, 255))) // NaN becomes anything
		if float64(pixels[i]) != v {
			return nil, fmt.Errorf("pixel %v of image %s (counted from 0): pixels must be whole numbers from 0 to 255",
				v, humanize.Comma(int64(i/(h.dims[1]*h.dims[2]))))
		}
	}
	return pixels, nil
}

// labels returns the first value of each row.
func (h *header) labels(data []byte) ([]int64, error) {
	t := valueTypes[h.valueType()]
	labels := make([]int64, h.dims[0])
	row := int64(len(data)) / int64(len(labels))
	for i := range labels {
		v := t.value(data[int64(i)*row:])
		if v != math.Trunc(v) || math.Abs(v) > maxInteger {
			return nil, fmt.Errorf("label %v of image %s (counted from 0): labels must be integers", v, humanize.Comma(int64(i)))
		}
		labels[i] = int64(v)
	}
	return labels, nil
}
