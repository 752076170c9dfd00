//go:build !amd64 || purego

package kernel

// supported reports that no assembly is built in.
func supported(ISA) bool { return false }
