package memory

import "golang.org/x/sys/unix"

// wantHuge asks for huge pages (madvise(2), MADV_HUGEPAGE), which Linux by default gives to those
// who ask only. Where it has none, small ones do: the error does not matter.
func wantHuge(pages []byte) { _ = unix.Madvise(pages, unix.MADV_HUGEPAGE) }
