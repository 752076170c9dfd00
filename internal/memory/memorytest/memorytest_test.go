package memorytest

import "testing"

// What is always allocated is found, whatever the bound; what others allocate once is not.
func TestAllocated(t *testing.T) {
	const size = 10 << 20
	var kept []byte
	for _, bound := range []int64{0, size / 2, 2 * size} {
		if got := Allocated(bound, func() { kept = make([]byte, size) }); got < size || got > size+1<<20 {
			t.Errorf("bound %d: %d bytes for %d", bound, got, len(kept))
		}
	}
	calls := 0
	got := Allocated(1<<20, func() {
		if calls++; calls == 1 {
			kept = make([]byte, size)
		}
	})
	if got > 1<<20 || calls != 2 {
		t.Errorf("%d bytes after %d calls", got, calls)
	}
}
