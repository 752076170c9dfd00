//go:build !unix

package rundir

var systemChildren map[string]func(path string) error
