//go:build !amd64 || purego

package kernel

// narrowKernels is the loops of isa: in plain Go here.
func narrowKernels(ISA) *narrowAssembly { return &narrowGeneric }
