package memory

import (
	"math"

	"github.com/KimMachineGun/automemlimit/memlimit"
)

// Machine returns the memory that a process here can have, in bytes: the machine's, or what a
// container or another control group of Linux leaves of it; 0 if it is not known.
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
