// Package memorytest measures what readers allocate, for the tests that bound it.
package memorytest

import (
	"runtime"
	"runtime/metrics"
)

// Allocated returns how many bytes do allocates, garbage included. Only the whole process' count is
// to be had: if that is more than bound, other goroutines may have had their part in it, and do is
// called again, a few times at most. The least counts.
func Allocated(bound int64, do func()) int64 {
	least := counted(running, do)
	for range 4 {
		if least <= bound {
			break
		}
		least = min(least, counted(exact, do))
	}
	return least
}

func counted(count func() uint64, do func()) int64 {
	before := count()
	do()
	return int64(count() - before)
}

// running is cheap, and counts small objects by the block.
func running() uint64 {
	s := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(s)
	return s[0].Value.Uint64()
}

// exact stops all goroutines for it.
func exact() uint64 {
	var s runtime.MemStats
	runtime.ReadMemStats(&s)
	return s.TotalAlloc
}
