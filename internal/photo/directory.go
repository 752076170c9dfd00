package photo

import "encoding/binary"

// directory is the first one of a TIFF file, or of EXIF, which is such a file.
type directory struct {
	s       *source
	from    int64 // where the file begins, in s
	size    int64
	order   binary.ByteOrder
	entries int64 // where they are, in s
	count   int64
	big     bool // BigTIFF: offsets and counts of 64 bits
}

// openDirectory reads the header of the n bytes at an offset.
func openDirectory(s *source, from, n int64) (*directory, error) {
	d := &directory{s: s, from: from, size: min(n, s.size-from), order: binary.LittleEndian}
	b, err := d.bytes(0, 8)
	if err != nil {
		return nil, err
	}
	if b[0] == 'M' && b[1] == 'M' {
		d.order = binary.BigEndian
	} else if b[0] != 'I' || b[1] != 'I' {
		return nil, rare("no TIFF")
	}
	switch d.order.Uint16(b[2:]) {
	case 42:
		at := int64(d.order.Uint32(b[4:]))
		if b, err = d.bytes(at, 2); err != nil {
			return nil, err
		}
		d.entries, d.count = at+2, int64(d.order.Uint16(b))
	case 43:
		if b, err = d.bytes(8, 8); err != nil {
			return nil, err
		}
		at := int64(d.order.Uint64(b))
		if b, err = d.bytes(at, 8); err != nil {
			return nil, err
		}
		d.big, d.entries, d.count = true, at+8, int64(min(d.order.Uint64(b), 1<<16))
	default:
		return nil, rare("no TIFF")
	}
	return d, nil
}

// bytes are those of the file that the directory is in.
func (d *directory) bytes(at int64, n int) ([]byte, error) {
	if at < 0 || at > d.size-int64(n) {
		n = windowBytes + 1 // which s refuses
		at = d.s.size
	}
	return d.s.bytes(d.from+at, n)
}

// values are the numbers of an entry.
type values struct {
	d     *directory
	kind  uint16
	at    int64
	count int64
}

// typeBytes are the sizes of types that are whole numbers, and of bytes of any meaning (7).
var typeBytes = map[uint16]int64{1: 1, 3: 2, 4: 4, 7: 1, 16: 8}

// find returns the values of a tag, none if the directory does not have it.
func (d *directory) find(tag uint16) values {
	size, offset := int64(12), 4
	if d.big {
		size, offset = 20, 8
	}
	for i := range d.count {
		b, err := d.bytes(d.entries+i*size, int(size))
		if err != nil {
			break
		}
		if d.order.Uint16(b) != tag {
			continue
		}
		v := values{d: d, kind: d.order.Uint16(b[2:]), at: d.entries + i*size + 4 + int64(offset)}
		var far int64
		if d.big {
			v.count, far = int64(d.order.Uint64(b[4:])), int64(d.order.Uint64(b[12:]))
		} else {
			v.count, far = int64(d.order.Uint32(b[4:])), int64(d.order.Uint32(b[8:]))
		}
		bytes := typeBytes[v.kind]
		if bytes == 0 || v.count < 0 || v.count > d.size {
			return values{}
		}
		if v.count*bytes > int64(offset) {
			v.at = far
		}
		return v
	}
	return values{}
}

// number returns value i.
func (v values) number(i int64) (int64, error) {
	bytes := typeBytes[v.kind]
	if i >= v.count {
		return 0, errInconsistent
	}
	b, err := v.d.bytes(v.at+i*bytes, int(bytes))
	if err != nil {
		return 0, err
	}
	switch bytes {
	case 1:
		return int64(b[0]), nil
	case 2:
		return int64(v.d.order.Uint16(b)), nil
	case 4:
		return int64(v.d.order.Uint32(b)), nil
	}
	return int64(v.d.order.Uint64(b)), nil
}

// first returns the first number of a tag, or what stands for an absent one.
func (d *directory) first(tag uint16, absent int64) int64 {
	n, err := d.find(tag).number(0)
	if err != nil {
		return absent
	}
	return n
}
