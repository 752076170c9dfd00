//go:build !amd64 || purego

package kernel

// vectors is the assembly of isa: none here.
func vectors(ISA) *assembly { return nil }
