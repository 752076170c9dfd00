package checkpoint

import (
	"os"

	"golang.org/x/sys/unix"
)

// setDirect sets or clears O_DIRECT: file.Direct.
func setDirect(f *os.File, on bool) (done bool) {
	conn, err := f.SyscallConn()
	if err != nil {
		return false
	}
	err = conn.Control(func(fd uintptr) {
		flags, err := unix.FcntlInt(fd, unix.F_GETFL, 0)
		if err != nil {
			return
		}
		if flags &^= unix.O_DIRECT; on {
			flags |= unix.O_DIRECT
		}
		_, err = unix.FcntlInt(fd, unix.F_SETFL, flags)
		done = err == nil
	})
	return done && err == nil
}
