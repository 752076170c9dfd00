//go:build !linux

package memory

// wantHuge does nothing: this system decides by itself.
func wantHuge([]byte) {}
