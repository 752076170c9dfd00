//go:build !amd64 || purego

package kernel

// tileAssembly is never reached: supported says no to every assembly here.
func tileAssembly(*tile, ISA) { panic("kernel: no assembly in this build") }
