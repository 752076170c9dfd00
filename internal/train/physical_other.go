//go:build !linux && !darwin && !windows

package train

// PhysicalMemory returns 0: this system does not say.
func PhysicalMemory() int64 { return 0 }
