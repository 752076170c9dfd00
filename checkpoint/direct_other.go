//go:build !linux

package checkpoint

import "os"

// setDirect is file.Direct of systems without it.
func setDirect(*os.File, bool) bool { return false }
