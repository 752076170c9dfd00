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

// exifOrientation returns the orientation of EXIF in the n bytes at an offset, 1 to 8; 0: none.
func exifOrientation(s *source, at, n int64) int {
	if n > 6 {
		if b, err := s.bytes(at, 6); err == nil && string(b) == "Exif\x00\x00" {
			at, n = at+6, n-6
		}
	}
	d, err := openDirectory(s, at, n)
	if err != nil {
		return 0
	}
	return d.orientation()
}

// orientation returns tag 0x0112 (CIPA DC-008), 1 to 8; 0: none.
func (d *directory) orientation() int {
	if n := d.first(0x0112, 0); n >= 1 && n < int64(len(turns)) {
		return int(n)
	}
	return 0
}
