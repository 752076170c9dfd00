package memory

import (
	"testing"
	"unsafe"
)

func TestFloats(t *testing.T) {
	for _, n := range []int{0, 1, 15, 16, 17, 1000, page / 4, page/2 - 1, page / 2, page/2 + 1, 3*page + 5} {
		got, err := Floats(n)
		if err != nil {
			t.Fatal(err)
		}
		if len(got) != n || cap(got) != n {
			t.Errorf("%d floats: %d, room for %d", n, len(got), cap(got))
		}
		want := uintptr(line)
		if 4*n >= 2*page {
			want = page
		}
		if at := uintptr(unsafe.Pointer(unsafe.SliceData(got))); at%want != 0 {
			t.Errorf("%d floats begin at %#x, not at a multiple of %d", n, at, want)
		}
		for i, v := range got {
			if v != 0 {
				t.Fatalf("%d floats: element %d is %v", n, i, v)
			}
			got[i] = 1 // the memory is there
		}
	}
}
