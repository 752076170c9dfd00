package photo

// turn makes an image upright: pixel (y, x) is that of row y and column x of the file, or of row x and
// column y (swap), counted from the last row (upsideDown) and the last column (mirrored).
type turn struct{ swap, upsideDown, mirrored bool }

// turns are EXIF's orientations 1 to 8 (CIPA DC-008, tag 0x0112), of which 1 is upright.
var turns = [9]turn{
	2: {mirrored: true},
	3: {upsideDown: true, mirrored: true},
	4: {upsideDown: true},
	5: {swap: true},
	6: {swap: true, upsideDown: true},
	7: {swap: true, upsideDown: true, mirrored: true},
	8: {swap: true, mirrored: true},
}
