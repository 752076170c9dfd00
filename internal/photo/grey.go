package photo

// luma is PIL's L of 8-bit colours (ITU-R 601-2 in 16-bit fractions, L24 of Pillow's Convert.c).
func luma(r, g, b byte) byte {
	return byte((19595*uint32(r) + 38470*uint32(g) + 7471*uint32(b) + 0x8000) >> 16)
}

// toGrey sets dst to the luma of a row, whatever its alpha.
func toGrey(dst, row []byte, channels int) {
	if channels < 3 {
		for i := range dst {
			dst[i] = row[i*channels]
		}
		return
	}
	for i := range dst {
		c := row[i*channels:][:3]
		dst[i] = luma(c[0], c[1], c[2])
	}
}

// toAlpha sets dst to the alpha of a row, and reports whether all is opaque.
func toAlpha(dst, row []byte, channels int) (opaque bool) {
	least := byte(255)
	for i := range dst {
		dst[i] = row[i*channels+channels-1]
		least = min(least, dst[i])
	}
	return least == 255
}

// onWhite sets dst to a row over white, of one channel or three.
func onWhite(dst []byte, channels int, row []byte, has int) {
	if has%2 == 0 { // alpha
		has--
		kept := row[:0]
		for ; len(row) > has; row = row[has+1:] {
			for _, v := range row[:has] {
				kept = append(kept, overWhite(v, row[has]))
			}
		}
		row = kept
	}
	switch {
	case channels == has:
		copy(dst, row)
	case channels == 1:
		toGrey(dst, row, has)
	default:
		for i, v := range row {
			dst[3*i], dst[3*i+1], dst[3*i+2] = v, v, v
		}
	}
}

// overWhite is Image.alpha_composite of Pillow over opaque white.
func overWhite(v, alpha byte) byte {
	const precision = 7 // bits
	sum := (uint32(v)*uint32(alpha) + 255*(255-uint32(alpha)) + 128) << precision
	return byte((sum>>8 + sum) >> 8 >> precision)
}
