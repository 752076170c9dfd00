package checkpoint

import (
	"encoding/binary"
	"math"
	"unsafe"
)

// The conversions between float32 and the file's little-endian forms. Every value passes
// unchanged in F32, NaN payloads included; F64 is rounded to nearest, F16 and BF16 are exact.
// On a little-endian machine memory has the form of F32, and nothing is copied.

// bigEndian reports whether the machine's byte order differs from the file's.
var bigEndian = binary.NativeEndian.Uint16([]byte{0, 1}) == 1

// memoryOf returns the memory of x, 4 bytes a value in this machine's order.
func memoryOf(x []float32) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(x))), 4*len(x))
}

// fileForm returns x as a file holds it: its own memory, or a copy on a big-endian machine.
func fileForm(x []float32) []byte {
	if !bigEndian {
		return memoryOf(x)
	}
	copied := make([]byte, 4*len(x))
	encodeF32(copied, x)
	return copied
}

// encodeF32 puts src into dst, of 4 bytes a value.
func encodeF32(dst []byte, src []float32) {
	for i, v := range src {
		binary.LittleEndian.PutUint32(dst[4*i:], math.Float32bits(v))
	}
}

// decodeF32 puts src into dst, which may be the same memory.
func decodeF32(dst []float32, src []byte) {
	for i := range dst {
		dst[i] = math.Float32frombits(binary.LittleEndian.Uint32(src[4*i:]))
	}
}

func decodeF64(dst []float32, src []byte) {
	for i := range dst {
		dst[i] = float32(math.Float64frombits(binary.LittleEndian.Uint64(src[8*i:])))
	}
}

func decodeBF16(dst []float32, src []byte) {
	for i := range dst {
		dst[i] = math.Float32frombits(uint32(binary.LittleEndian.Uint16(src[2*i:])) << 16)
	}
}

func decodeF16(dst []float32, src []byte) {
	for i := range dst {
		dst[i] = halfToFloat(binary.LittleEndian.Uint16(src[2*i:]))
	}
}

// halfToFloat converts IEEE 754 binary16 (1 sign bit, 5 of exponent biased by 15, 10 of
// mantissa).
func halfToFloat(h uint16) float32 {
	sign := uint32(h>>15) << 31
	exponent := uint32(h>>10) & 0x1f
	mantissa := uint32(h) & 0x3ff
	switch exponent {
	case 0: // zero or subnormal: mantissa · 2⁻²⁴
		return math.Float32frombits(sign | math.Float32bits(float32(mantissa)*0x1p-24))
	case 0x1f: // infinity or NaN
		return math.Float32frombits(sign | 0xff<<23 | mantissa<<13)
	default:
		return math.Float32frombits(sign | (exponent+127-15)<<23 | mantissa<<13)
	}
}
