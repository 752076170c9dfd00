package picture

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A small image stays as it is; of a large one each pixel is the mean of a square, at the borders of a part.
func TestTileOf(t *testing.T) {
	small := []byte{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12} // 2×2 RGB
	got := TileOf(2, 2, 3, func(y int, _ []byte) []byte { return small[6*y:][:6] }, Line{Left: "a"})
	if diff := cmp.Diff(Tile{Pixels: small, Rows: 2, Cols: 2, Channels: 3, Lines: []Line{{Left: "a"}}}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	// 514×257 RGB by three: 172×86, the last row and columns of one and two pixels.
	got = TileOf(514, 257, 3, func(y int, buffer []byte) []byte {
		for x := range 257 {
			buffer[3*x], buffer[3*x+1], buffer[3*x+2] = byte(y/3), byte(x/3), byte(9*(x%3)+27*(y%3))
		}
		return buffer
	})
	if got.Rows != 172 || got.Cols != 86 || len(got.Pixels) != 172*86*3 {
		t.Fatalf("%d×%d, %d bytes", got.Rows, got.Cols, len(got.Pixels))
	}
	for i := range 172 * 86 {
		y, x := i/86, i%86
		blue := byte(36)
		if x == 85 {
			blue -= 4 // (0 + 9) / 2 in place of 9, rounded
		}
		if y == 171 {
			blue -= 27
		}
		if want := [3]byte{byte(y), byte(x), blue}; [3]byte(got.Pixels[3*i:]) != want {
			t.Fatalf("%d,%d: %v, want %v", x, y, got.Pixels[3*i:3*i+3], want)
		}
	}
}
