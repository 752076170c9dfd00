//go:build !amd64 || purego

package kernel

// winograd is nil: there is no assembly here.
func winograd(ISA) *transforms { return nil }
