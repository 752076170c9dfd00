package memory

import (
	"fmt"
	"os"
	"strings"
)

// Peak returns the peak resident memory of the process, in bytes (VmHWM of proc_pid_status(5)); 0 if
// unknown.
func Peak() int64 {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	var kib int64
	_, value, _ := strings.Cut(string(status), "\nVmHWM:")
	_, _ = fmt.Sscan(value, &kib) // without a number it stays 0
	return kib << 10
}
