//go:build unix && !linux

package memory

import (
	"runtime"

	"golang.org/x/sys/unix"
)

// Peak returns the most memory that the process has held so far, in bytes (ru_maxrss
// of getrusage(2)); 0 where the system does not say.
func Peak() int64 {
	var usage unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &usage); err != nil {
		return 0
	}
	if runtime.GOOS == "darwin" || runtime.GOOS == "ios" {
		return int64(usage.Maxrss) // bytes there
	}
	return int64(usage.Maxrss) << 10 // KiB
}
