// Package tensorboard writes the event files that TensorBoard reads: scalars over the steps of a
// run.
//
// A file is a sequence of records, each of them an Event in protobuf's form:
//
//	8 bytes  n, the Event's length, little-endian
//	4 bytes  masked CRC-32C of these 8
//	n bytes  the Event
//	4 bytes  masked CRC-32C of the Event
//
// TensorBoard reads the files of a folder in the order of their names, each to the last whole
// record; it then waits for more of it until there is a file with a later name.
package tensorboard

import (
	"bufio"
	"encoding/binary"
	"hash/crc32"
	"io"
)

const (
	headLen = 12 // bytes before an Event
	tailLen = 4  // bytes after it

	// maxEvent is the most bytes of an Event that is read; what is written has less than 200.
	maxEvent = 64 << 10
)

// crc is the CRC-32C that a record has of some bytes, masked since these may hold CRCs too.
func crc(b []byte) uint32 {
	sum := crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli))
	return (sum>>15 | sum<<17) + 0xa282ead8
}

// appendRecord appends an Event to what will be written.
func appendRecord(dst, event []byte) []byte {
	begin := len(dst)
	dst = binary.LittleEndian.AppendUint64(dst, uint64(len(event)))
	dst = binary.LittleEndian.AppendUint32(dst, crc(dst[begin:]))
	dst = append(dst, event...)
	return binary.LittleEndian.AppendUint32(dst, crc(event))
}

// readRecord returns the next Event and the length of its record; io.EOF where no whole record
// follows. The Event is valid until the next call.
func readRecord(r *bufio.Reader) (event []byte, size int, err error) {
	head, err := r.Peek(headLen)
	if err != nil {
		return nil, 0, err
	}
	n := binary.LittleEndian.Uint64(head)
	if n > maxEvent || binary.LittleEndian.Uint32(head[8:]) != crc(head[:8]) {
		return nil, 0, io.EOF
	}
	size = headLen + int(n) + tailLen
	record, err := r.Peek(size)
	if err != nil {
		return nil, 0, err
	}
	event, tail := record[headLen:size-tailLen], record[size-tailLen:]
	if binary.LittleEndian.Uint32(tail) != crc(event) {
		return nil, 0, io.EOF
	}
	_, err = r.Discard(size) // what Peek returned stays until the next read
	return event, size, err
}
