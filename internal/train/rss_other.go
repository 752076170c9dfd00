//go:build !unix && !windows

package train

// PeakRSS returns 0: this system does not say what the process has held.
func PeakRSS() int64 { return 0 }
