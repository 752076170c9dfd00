//go:build !unix && !windows

package memory

// try does nothing: this system cannot be asked.
func try(int) error { return nil }
