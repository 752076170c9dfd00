package checkpoint

import (
	"cmp"
	"math"
	"slices"

	"vggtrain/internal/display"
)

// check looks at what the entries say: known types, products of dimensions that do not overflow
// and agree with the offsets, and data that the tensors fill from its first byte to its last,
// without overlap or gap. So the tensors together are as long as the data that is there, and
// what is allocated for them is bounded by the file's length. Our own files list their tensors
// in the order of their data; in files of others any order will do.
func (h *header) check(dataLen int64, foreign bool) error {
	if foreign {
		slices.SortStableFunc(h.entries, func(a, b entry) int {
			return cmp.Or(cmp.Compare(a.begin, b.begin), cmp.Compare(a.end, b.end))
		})
	}
	var next int64
	for i := range h.entries {
		e := &h.entries[i]
		if err := e.check(foreign); err != nil {
			return err
		}
		if e.begin != next {
			what := "a gap in the data"
			if e.begin < next {
				what = "overlapping data"
			}
			return damaged("%s: tensor %s begins at data byte %d, the one before ends at %d", what, display.Quote(e.name), e.begin, next)
		}
		next = e.end
	}
	if next > dataLen {
		return damaged("cut short: %d bytes of data announced, %d present", next, dataLen)
	}
	if next < dataLen {
		return damaged("%d bytes follow the data, which ends after %d", dataLen-next, next)
	}
	return nil
}

// check looks at one entry by itself and sets its elements.
func (e *entry) check(foreign bool) error {
	format, known := dtypes[e.dtype]
	if !known || !foreign && e.dtype != "F32" {
		want := "F32"
		if foreign {
			want = "F32, F64, F16 and BF16"
		}
		return unsupported("tensor %s is of type %s, and only %s are read", display.Quote(e.name), display.Quote(e.dtype), want)
	}
	size := int64(format.size)
	e.elements = 1
	for _, d := range e.shape {
		if d != 0 && e.elements > math.MaxInt64/size/int64(d) {
			return damaged("tensor %s has an absurd shape %v", display.Quote(e.name), e.shape)
		}
		e.elements *= int64(d)
	}
	if e.begin > e.end || e.end-e.begin != e.elements*size {
		return damaged("tensor %s of shape %v takes %d bytes, its data_offsets are [%d, %d]",
			display.Quote(e.name), e.shape, e.elements*size, e.begin, e.end)
	}
	return nil
}

// dtype is a type of numbers in the file.
type dtype struct {
	size   int                             // bytes
	decode func(dst []float32, src []byte) // len(src) = size·len(dst)
	native bool                            // stored as float32: decoding is at most a swap of bytes
}

var dtypes = map[string]dtype{
	"F32":  {4, decodeF32, true},
	"F64":  {8, decodeF64, false},
	"F16":  {2, decodeF16, false},
	"BF16": {2, decodeBF16, false},
}
