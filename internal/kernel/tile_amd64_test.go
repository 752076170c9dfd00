//go:build !purego

package kernel

import (
	"testing"
	"unsafe"
)

// The generator addresses tile's fields by number (_asm/tile.go): hold it to the struct.
func TestTileOffsets(t *testing.T) {
	var x tile
	for _, f := range []struct {
		name      string
		got, want uintptr
	}{
		{"dst", unsafe.Offsetof(x.dst), 0},
		{"a", unsafe.Offsetof(x.a), 24},
		{"b", unsafe.Offsetof(x.b), 48},
		{"bias", unsafe.Offsetof(x.bias), 72},
		{"off", unsafe.Offsetof(x.off), 96},
		{"rows", unsafe.Offsetof(x.rows), 120},
		{"cols", unsafe.Offsetof(x.cols), 128},
		{"k", unsafe.Offsetof(x.k), 136},
		{"aRow", unsafe.Offsetof(x.aRow), 144},
		{"aK", unsafe.Offsetof(x.aK), 152},
		{"bTap", unsafe.Offsetof(x.bTap), 160},
		{"ldb", unsafe.Offsetof(x.ldb), 168},
		{"ldd", unsafe.Offsetof(x.ldd), 176},
		{"batch", unsafe.Offsetof(x.batch), 184},
		{"chunks", unsafe.Offsetof(x.chunks), 192},
		{"aChunk", unsafe.Offsetof(x.aChunk), 200},
		{"aNext", unsafe.Offsetof(x.aNext), 208},
		{"bNext", unsafe.Offsetof(x.bNext), 216},
		{"dChunk", unsafe.Offsetof(x.dChunk), 224},
		{"dNext", unsafe.Offsetof(x.dNext), 232},
		{"accumulate", unsafe.Offsetof(x.accumulate), 240},
		{"relu", unsafe.Offsetof(x.relu), 241},
	} {
		if f.got != f.want {
			t.Errorf("tile.%s is at %d, the assembly reads it at %d", f.name, f.got, f.want)
		}
	}
}
