package export

import (
	"encoding/binary"
	"io"
	"math"
	"slices"

	"google.golang.org/protobuf/encoding/protowire"
)

// message is a protobuf message to be written. Its methods add fields and return it. It refers to the numbers of tensors and turns them
// into bytes only then.
type message struct {
	parts []part
	size  int64 // bytes
}

// part is a piece of a message: bytes, or else numbers that become little-endian bytes.
type part struct {
	bytes  []byte
	floats []float32
}

func (m *message) integer(field protowire.Number, v int64) *message {
	return m.bytes(protowire.AppendVarint(protowire.AppendTag(nil, field, protowire.VarintType), uint64(v)))
}

func (m *message) float(field protowire.Number, v float32) *message {
	return m.bytes(protowire.AppendFixed32(protowire.AppendTag(nil, field, protowire.Fixed32Type), math.Float32bits(v)))
}

func (m *message) text(field protowire.Number, s string) *message {
	return m.bytes(protowire.AppendString(protowire.AppendTag(nil, field, protowire.BytesType), s))
}

// embed adds another message as a field.
func (m *message) embed(field protowire.Number, inner *message) *message {
	return m.add(field, inner.size, inner.parts...)
}

// numbers adds a field of bytes: float32s, little-endian.
func (m *message) numbers(field protowire.Number, floats []float32) *message {
	return m.add(field, 4*int64(len(floats)), part{floats: floats})
}

// add adds a field of size bytes.
func (m *message) add(field protowire.Number, size int64, parts ...part) *message {
	m.bytes(protowire.AppendVarint(protowire.AppendTag(nil, field, protowire.BytesType), uint64(size)))
	m.parts = append(m.parts, parts...)
	m.size += size
	return m
}

func (m *message) bytes(b []byte) *message {
	m.parts = append(m.parts, part{bytes: b})
	m.size += int64(len(b))
	return m
}

// chunk is the number of floats turned into bytes at a time.
const chunk = 1 << 16

// write writes the message, size bytes.
func (m *message) write(w io.Writer) error {
	var small, buf []byte // small: the bytes between two tensors, written at once
	for _, p := range m.parts {
		if p.floats == nil {
			small = append(small, p.bytes...)
			continue
		}
		if _, err := w.Write(small); err != nil {
			return err
		}
		small = small[:0]
		for piece := range slices.Chunk(p.floats, chunk) {
			var err error
			if buf, err = binary.Append(buf[:0], binary.LittleEndian, piece); err != nil {
				return err
			}
			if _, err := w.Write(buf); err != nil {
				return err
			}
		}
	}
	_, err := w.Write(small)
	return err
}
