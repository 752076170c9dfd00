// Package idx reads files of LeCun's IDX format, and knows the four of Fashion-MNIST.
package idx

import (
	"bufio"
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io"

	"github.com/dustin/go-humanize"
	"github.com/klauspost/compress/gzip"

	"vggtrain/internal/files"
)

// The IDX format (LeCun's MNIST page): a magic number, each dimension, all big-endian 32 bits, then
// the bytes. The magic number's third byte is the type (8: unsigned byte), the fourth the number of
// dimensions.
const (
	ImagesMagic = 0x00000803
	LabelsMagic = 0x00000801
)

// GzipMagic begins a gzip file.
const GzipMagic = "\x1f\x8b"

// Bounds of a file. Reading one allocates at most the least of 4/3 of MaxBytes, unproven and 6 times
// its real content, and maxInflation times its size; and a few buffers.
const (
	MaxSide  = 1024    // pixels
	MaxBytes = 1 << 30 // of pixels or labels in one file
)

// unproven bounds the bytes that are allocated for a packed file's content before any has come. The
// published files have fewer: they are read into one piece.
const unproven = 64 << 20

// growth is the factor by which more is allocated once all that was allocated is full.
const growth = 4

// maxInflation bounds the bytes in one byte of a gzip file: deflate's longest match is 258 bytes and
// takes at least two bits.
const maxInflation = 258 * 4

// Content is an IDX file in memory.
type Content struct {
	Dims   []int // images: N, H, W; labels: N
	Data   []byte
	Digest [sha256.Size]byte // of the whole uncompressed file
}

// Read reads an IDX file, gzip or plain, of fileSize bytes. Its magic number must be magic, and it
// may announce at most largest bytes. It checks every bound before it allocates, and reads at most
// one byte more than announced. Errors do not name the file.
func Read(r io.Reader, fileSize int64, magic uint32, largest int64) (*Content, error) {
	plain, packed, err := uncompressed(r)
	if err != nil {
		return nil, err
	}
	header, dims, total, err := readHeader(plain, magic, largest)
	if err != nil {
		return nil, err
	}
	present := fileSize
	if packed {
		present *= maxInflation
	}
	if total > present { // cannot all be there: count what is, without keeping it
		n, err := io.Copy(io.Discard, plain)
		return nil, broken(cmp.Or(err, io.EOF), cutShort, humanize.Comma(total), unit(magic), humanize.Comma(n))
	}
	data, digest, err := readDigested(plain, header, int(total), packed)
	if err != nil {
		return nil, broken(err, cutShort, humanize.Comma(total), unit(magic), humanize.Comma(int64(len(data))))
	}
	if err := mustEnd(plain, magic, total); err != nil {
		return nil, err
	}
	return &Content{dims, data, digest}, nil
}

// digestPart is the number of bytes that are read before their digest is taken: a share of L2.
const digestPart = 256 << 10

// readDigested reads total bytes from r, or those before an error, and returns them and the SHA-256
// of header and them. Another goroutine digests each part while the next is being uncompressed.
// Memory for packed content is taken as it comes.
func readDigested(r io.Reader, header []byte, total int, packed bool) (data []byte, digest [sha256.Size]byte, err error) {
	parts := make(chan []byte, total/digestPart+1) // sending never waits
	done := make(chan struct{})
	go func() {
		defer close(done)
		sum := sha256.New()
		sum.Write(header)
		for part := range parts {
			sum.Write(part)
		}
		sum.Sum(digest[:0])
	}()
	room := total
	if packed {
		room = min(total, unproven)
	}
	data = make([]byte, 0, room)
	for len(data) < total && err == nil {
		if len(data) == cap(data) {
			data = append(make([]byte, 0, min(total, growth*len(data))), data...)
		}
		n, end := len(data), min(len(data)+digestPart, cap(data))
		var read int
		read, err = io.ReadFull(r, data[n:end])
		data = data[:n+read]
		parts <- data[n:]
	}
	close(parts)
	<-done
	return data, digest, err
}

// uncompressed returns a reader of r's content. Gzip is recognised by its first bytes, not by the
// file's name.
func uncompressed(r io.Reader) (plain io.Reader, packed bool, err error) {
	buffered := bufio.NewReaderSize(r, 1<<16)
	start, err := buffered.Peek(2)
	if err != nil && !files.IsCut(err) {
		return nil, false, err
	}
	if string(start) != GzipMagic {
		return buffered, false, nil
	}
	unzipped, err := gzip.NewReader(buffered)
	if err != nil {
		return nil, false, broken(err, "the gzip header is cut short; fetch the file again")
	}
	return unzipped, true, nil
}

// readHeader returns the header of a file whose magic number is right, its dimensions and their product.
func readHeader(r io.Reader, magic uint32, largest int64) (header []byte, dims []int, total int64, err error) {
	header = make([]byte, 4+4*int(magic&0xff))
	n, err := io.ReadFull(r, header)
	if got := binary.BigEndian.Uint32(header); n >= 4 && got != magic {
		return nil, nil, 0, fmt.Errorf("magic number %#08x instead of %#08x: this is %s, not a file of %s",
			got, magic, describeMagic(got), unit(magic))
	}
	if err != nil {
		return nil, nil, 0, broken(err, "the header has %d bytes instead of %d: the file is cut short; fetch it again", n, len(header))
	}
	total = 1
	for at := 4; at < len(header); at += 4 {
		dim := int64(binary.BigEndian.Uint32(header[at:]))
		switch {
		case at == 4 && dim == 0:
			return nil, nil, 0, fmt.Errorf("no %s announced: the set is empty", unit(magic))
		case at > 4 && (dim < 1 || dim > MaxSide):
			return nil, nil, 0, fmt.Errorf("a side of %s pixels announced: sides from 1 to %s are read", humanize.Comma(dim), humanize.Comma(MaxSide))
		}
		dims = append(dims, int(dim))
		total *= dim // below 2³²·2¹⁰·2¹⁰
	}
	if total > largest {
		return nil, nil, 0, fmt.Errorf("%s bytes of %s announced: no more than %s are read", humanize.Comma(total), unit(magic), humanize.Comma(largest))
	}
	return header, dims, total, nil
}

// mustEnd checks that nothing follows; for gzip this also checks its own checksum.
func mustEnd(r io.Reader, magic uint32, total int64) error {
	var extra [1]byte
	n, err := io.ReadFull(r, extra[:])
	switch {
	case n > 0:
		return fmt.Errorf("%s bytes of %s announced, more are present: the header or the file is wrong; fetch it again",
			humanize.Comma(total), unit(magic))
	case err == io.EOF:
		return nil
	}
	return broken(err, "the gzip file does not end as it should: it is cut short, or something follows; fetch it again")
}

const cutShort = "%s bytes of %s announced, %s present: the file is cut short; fetch it again"

// broken explains an error of reading: cut is the message for an end that comes too early.
func broken(err error, cut string, values ...any) error {
	if files.IsCut(err) {
		return fmt.Errorf(cut, values...)
	}
	return fmt.Errorf("the file is damaged (%w); fetch it again", err)
}

func unit(magic uint32) string {
	if magic == ImagesMagic {
		return "pixels"
	}
	return "labels"
}

func describeMagic(magic uint32) string {
	switch magic {
	case ImagesMagic, LabelsMagic:
		return "an IDX file of " + unit(magic)
	}
	return "no IDX file that is known here"
}
