package picture

// TileOf returns an image for a grid, made smaller by a whole factor if it is larger than grids show
// any. It asks for row after row, H rows of W×C bytes, which row may write to buffer: the image need not
// be in memory.
func TileOf(rows, cols, channels int, row func(y int, buffer []byte) []byte, lines ...Line) Tile {
	k := max(1, ceil(max(rows, cols), tileMost))
	t := Tile{Rows: ceil(rows, k), Cols: ceil(cols, k), Channels: channels, Lines: lines}
	t.Pixels = make([]byte, 0, t.Rows*t.Cols*channels)
	buffer, sums := make([]byte, cols*channels), make([]int, t.Cols*channels)
	for y := range rows {
		for i, v := range row(y, buffer) {
			sums[i/channels/k*channels+i%channels] += int(v)
		}
		if high := y%k + 1; high == k || y == rows-1 {
			for i := range sums {
				n := high * min(k, cols-i/channels*k)
				t.Pixels = append(t.Pixels, byte((sums[i]+n/2)/n))
			}
			clear(sums)
		}
	}
	return t
}
