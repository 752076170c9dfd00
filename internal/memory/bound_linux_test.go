package memory

import (
	"os"
	"runtime"
	"testing"

	"golang.org/x/sys/unix"
)

// What a limit leaves is more than what it exceeds the address space by: Go has reserved some of it
// for nothing. cmd/vggtrain's scripts run under real limits.
func TestLeft(t *testing.T) {
	threads := int64(runtime.GOMAXPROCS(0)) * threadStack
	page := int64(os.Getpagesize())
	for _, c := range []struct {
		limit           uint64
		taken, resident int64 // bytes
		want            int64
	}{
		{unix.RLIM_INFINITY, 1 << 31, 1 << 24, 0},
		{1 << 31, 1 << 30, 1 << 28, 1<<31 - (1<<30 - 1<<28) - headroom - threads},
		{1 << 30, 1 << 30, 1 << 20, nothing},
	} {
		got := left(c.limit, c.taken/page, c.resident/page, "x")
		if got.Bytes != c.want {
			t.Errorf("of %d bytes %d are taken, %d used: %d are left, want %d", c.limit, c.taken, c.resident, got.Bytes, c.want)
		}
	}
}
