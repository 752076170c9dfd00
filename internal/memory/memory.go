// Package memory allocates the large buffers of a run (weights, activations, gradients), and measures
// the memory of process and machine.
//
// A Go program that the system refuses memory ends with a crash dump. So Limit says what there is
// before a job begins, and Room asks the system before each large allocation. The buffers themselves are
// Go's: the garbage collector frees them when the last user of a network has gone.
package memory

import "unsafe"

// page is the size and alignment of a huge page on the systems that have them: 2 MiB. A piece of
// memory so large is mapped by one fault instead of 512, and takes one entry of the processor's
// address cache.
const page = 2 << 20

// line is a cache line in bytes. Every buffer begins at one.
const line = 64

// Floats returns n zeros, aligned to a cache line, in huge pages where possible. Pages are mapped at
// their first write. The error is a *RefusedError.
func Floats(n int) ([]float32, error) {
	if err := Room(4 * int64(n)); err != nil {
		return nil, err
	}
	if 4*n < 2*page {
		return align(make([]float32, n+line/4), n, line), nil
	}
	buffer := align(make([]float32, n+page/4), n, page)
	wantHuge(unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(buffer))), 4*n/page*page))
	return buffer, nil
}

// align returns the n floats of buffer that begin at its first multiple of the given bytes.
func align(buffer []float32, n int, bytes uintptr) []float32 {
	at := uintptr(unsafe.Pointer(unsafe.SliceData(buffer)))
	skip := int((bytes - at%bytes) % bytes / 4)
	return buffer[skip : skip+n : skip+n]
}
