//go:build !amd64 || purego

package kernel

// assembled is empty: this build has kernels in plain Go alone.
func assembled() []*kernels { return nil }
