package memory

import (
	"math"

	"github.com/KimMachineGun/automemlimit/memlimit"
)

// Machine returns the memory available to a process, in bytes: the machine's, or the limit of a
// container or another control group of Linux. It is 0 if unknown.
func Machine() int64 {
	least := uint64(math.MaxInt64)
	for _, ask := range []memlimit.Provider{memlimit.FromSystem, memlimit.FromCgroup} {
		if bytes, err := ask(); err == nil && bytes > 0 {
			least = min(least, bytes)
		}
	}
	if least == math.MaxInt64 {
		return 0
	}
	return int64(least)
}
