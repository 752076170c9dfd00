// Package memorytest measures the allocations of readers, for tests of their bounds.
package memorytest

import (
	"runtime"
	"runtime/metrics"
)

// Allocated returns the bytes allocated by do, garbage included. The count is of the whole process:
// if it exceeds bound, other goroutines may have added to it, so do is called again, a few times at
// most. The least counts.
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
