//go:build !windows

package checkpoint

import "os"

func windowsFull(error) bool { return false }

func windowsProtected(error) bool { return false }

func rename(from, to string) error { return os.Rename(from, to) }
