//go:build !unix && !windows

package memory

// Peak returns 0: unknown on this system.
func Peak() int64 { return 0 }
