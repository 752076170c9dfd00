package photo

import (
	"bytes"
	"encoding/binary"
)

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

// orientation returns the orientation in a JPEG's EXIF, 1 to 8; 1 if it has none. Only what stands
// before the first scan counts.
func orientation(jpeg []byte) int {
	const startOfScan, app1 = 0xda, 0xe1
	for rest := jpeg[2:]; len(rest) >= 4 && rest[0] == 0xff; { // marker and size, which counts itself
		marker, size := rest[1], int(binary.BigEndian.Uint16(rest[2:]))
		if marker == 0xff { // a filler
			rest = rest[1:]
			continue
		}
		if marker == startOfScan || size < 2 || 2+size > len(rest) {
			return 1
		}
		if tiff, ok := bytes.CutPrefix(rest[4:2+size], []byte("Exif\x00\x00")); ok && marker == app1 {
			return tiffOrientation(tiff)
		}
		rest = rest[2+size:]
	}
	return 1
}

// tiffOrientation looks for the orientation in the first directory of a TIFF file, as EXIF is one.
func tiffOrientation(tiff []byte) int {
	const header, entry, tag, short = 8, 12, 0x0112, 3
	if len(tiff) < header {
		return 1
	}
	var order binary.ByteOrder
	switch string(tiff[:4]) {
	case "II*\x00":
		order = binary.LittleEndian
	case "MM\x00*":
		order = binary.BigEndian
	default:
		return 1
	}
	at := int64(order.Uint32(tiff[4:]))
	if at+2 > int64(len(tiff)) {
		return 1
	}
	entries := tiff[at+2:]
	for range order.Uint16(tiff[at:]) {
		if len(entries) < entry {
			return 1
		}
		if order.Uint16(entries) == tag && order.Uint16(entries[2:]) == short {
			if v := int(order.Uint16(entries[8:])); v >= 1 && v < len(turns) {
				return v
			}
			return 1
		}
		entries = entries[entry:]
	}
	return 1
}
