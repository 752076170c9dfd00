// Package memory allocates the large buffers of a run (weights, activations, gradients), and measures
// the memory of process and machine.
package memory

import "unsafe"

// page is the size and alignment of a huge page on the systems that have them: 2 MiB. A piece of
// memory so large is mapped by one fault instead of 512, and takes one entry of the processor's
// address cache.
const page = 2 << 20

// line is a cache line in bytes. Every buffer begins at one.
const line = 64

// Floats returns n zeros, aligned to a cache line, in huge pages where possible. Pages are mapped at
// their first write.
func Floats(n int) []float32 {
	if 4*n < 2*page {
		return align(make([]float32, n+line/4), n, line)
	}
	buffer := align(make([]float32, n+page/4), n, page)
	wantHuge(unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(buffer))), 4*n/page*page))
	return buffer
}

// align returns the n floats of buffer that begin at its first multiple of the given bytes.
func align(buffer []float32, n int, bytes uintptr) []float32 {
	at := uintptr(unsafe.Pointer(unsafe.SliceData(buffer)))
	skip := int((bytes - at%bytes) % bytes / 4)
	return buffer[skip : skip+n : skip+n]
}
