//go:build unix && !linux

package memory

import (
	"runtime"

	"golang.org/x/sys/unix"
)

// Peak returns the peak resident memory of the process, in bytes (ru_maxrss of getrusage(2)); 0 if
// unknown.
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
