package train

import "golang.org/x/sys/unix"

// PhysicalMemory is this machine's memory in bytes; 0 if it is not known.
func PhysicalMemory() int64 {
	bytes, err := unix.SysctlUint64("hw.memsize")
	if err != nil {
		return 0
	}
	return int64(bytes)
}
