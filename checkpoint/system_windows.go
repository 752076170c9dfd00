package checkpoint

import (
	"errors"
	"os"
	"time"

	"golang.org/x/sys/windows"
)

// The system's own errors: it never returns the ones that package syscall borrows from Unix.

func windowsFull(err error) bool {
	return errors.Is(err, windows.ERROR_DISK_FULL) || errors.Is(err, windows.ERROR_HANDLE_DISK_FULL) ||
		errors.Is(err, windows.ERROR_DISK_QUOTA_EXCEEDED)
}

func windowsProtected(err error) bool { return errors.Is(err, windows.ERROR_WRITE_PROTECT) }

// rename waits up to two seconds for others to close the file that is replaced: here one that is
// being read cannot be, by `vggtrain eval` or by a virus scanner.
func rename(from, to string) error {
	const wait, attempts = 50 * time.Millisecond, 40
	for attempt := 1; ; attempt++ {
		err := os.Rename(from, to)
		busy := errors.Is(err, windows.ERROR_ACCESS_DENIED) || errors.Is(err, windows.ERROR_SHARING_VIOLATION)
		if !busy || attempt == attempts {
			return err
		}
		time.Sleep(wait)
	}
}
