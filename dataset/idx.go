package dataset

import (
	"bufio"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/dustin/go-humanize"
	"github.com/klauspost/compress/gzip"
)

// The IDX format (LeCun's MNIST page): a magic number whose third byte is the type (8: unsigned
// byte) and whose fourth is the number of dimensions, then each dimension, all big-endian 32
// bits, then the bytes.
const (
	imagesMagic = 0x00000803
	labelsMagic = 0x00000801
)

// What no sensible file passes, and so what a hostile one can make us allocate at most.
const (
	maxSide  = 1024    // pixels
	maxBytes = 1 << 30 // of pixels or labels in one file
)

// maxInflation is how many bytes one byte of a gzip file can stand for: deflate's longest match
// is 258 bytes and takes at least two bits.
const maxInflation = 258 * 4

// idx is the content of one IDX file.
type idx struct {
	dims   []int // images: N, H, W; labels: N
	data   []byte
	digest [sha256.Size]byte // of the whole uncompressed file
}

// readIDX reads an IDX file, gzip or plain, of fileSize bytes whose magic number must be magic.
// Every bound is checked before memory is taken, and no more is read than is announced and one
// byte, which must not exist. Its errors do not name the file.
func readIDX(r io.Reader, fileSize int64, magic uint32) (*idx, error) {
	plain, present, err := uncompressed(r, fileSize)
	if err != nil {
		return nil, err
	}
	header, err := readHeader(plain, magic)
	if err != nil {
		return nil, err
	}
	dims, total, err := parseDims(header, magic)
	if err != nil {
		return nil, err
	}
	if total > present { // cannot all be there: count what is, without keeping it
		n, err := io.Copy(io.Discard, plain)
		if err != nil && !isCut(err) {
			return nil, damaged(err)
		}
		return nil, cutShort(magic, total, n)
	}
	data := make([]byte, total)
	n, digest, err := readDigested(plain, header, data)
	if isCut(err) {
		return nil, cutShort(magic, total, int64(n))
	} else if err != nil {
		return nil, damaged(err)
	}
	if err := mustEnd(plain, magic, total); err != nil {
		return nil, err
	}
	return &idx{dims, data, digest}, nil
}

// digestPart is how many bytes are read before their digest is taken: a share of the second-level
// cache.
const digestPart = 256 << 10

// readDigested fills data from r, as io.ReadFull, and returns the SHA-256 of header and data.
// Another goroutine takes it of each part while the next one is being uncompressed.
func readDigested(r io.Reader, header, data []byte) (n int, digest [sha256.Size]byte, err error) {
	parts := make(chan []byte, len(data)/digestPart+1) // sending never waits
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
	for n < len(data) && err == nil {
		var read int
		read, err = io.ReadFull(r, data[n:min(n+digestPart, len(data))])
		parts <- data[n : n+read]
		n += read
	}
	close(parts)
	<-done
	return n, digest, err
}

// uncompressed returns a reader of r's content and a bound of the content's size. Gzip is known
// by its first bytes, which no IDX file has, and not by the file's name.
func uncompressed(r io.Reader, fileSize int64) (plain io.Reader, present int64, err error) {
	buffered := bufio.NewReaderSize(r, 1<<16)
	start, err := buffered.Peek(2)
	if err != nil && !isCut(err) {
		return nil, 0, err
	}
	if string(start) != "\x1f\x8b" {
		return buffered, fileSize, nil
	}
	unzipped, err := gzip.NewReader(buffered)
	if isCut(err) {
		return nil, 0, errors.New("the gzip header is cut short; fetch the file again")
	} else if err != nil {
		return nil, 0, damaged(err)
	}
	return unzipped, fileSize * maxInflation, nil
}

// readHeader returns the header of a file whose magic number is right.
func readHeader(r io.Reader, magic uint32) ([]byte, error) {
	header := make([]byte, 4+4*int(magic&0xff))
	n, err := io.ReadFull(r, header)
	if n >= 4 {
		if got := binary.BigEndian.Uint32(header); got != magic {
			return nil, fmt.Errorf("magic number %#08x instead of %#08x: this is %s, not a file of %s",
				got, magic, describeMagic(got), unit(magic))
		}
	}
	if isCut(err) {
		return nil, fmt.Errorf("the header has %d bytes instead of %d: the file is cut short; fetch it again", n, len(header))
	} else if err != nil {
		return nil, damaged(err)
	}
	return header, nil
}

// parseDims returns the dimensions and their product.
func parseDims(header []byte, magic uint32) (dims []int, total int64, err error) {
	total = 1
	for at := 4; at < len(header); at += 4 {
		dim := int64(binary.BigEndian.Uint32(header[at:]))
		switch {
		case at == 4 && dim == 0:
			return nil, 0, fmt.Errorf("no %s announced: the set is empty", unit(magic))
		case at > 4 && (dim < 1 || dim > maxSide):
			return nil, 0, fmt.Errorf("a side of %s pixels announced: sides from 1 to %s are read", humanize.Comma(dim), humanize.Comma(maxSide))
		}
		dims = append(dims, int(dim))
		total *= dim // below 2³²·2¹⁰·2¹⁰
	}
	if total > maxBytes {
		return nil, 0, fmt.Errorf("%s bytes of %s announced: no more than %s are read", humanize.Comma(total), unit(magic), humanize.Comma(maxBytes))
	}
	return dims, total, nil
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
	case isCut(err):
		return errors.New("the gzip file does not end as it should: it is cut short, or something follows; fetch it again")
	}
	return damaged(err)
}

func cutShort(magic uint32, announced, present int64) error {
	return fmt.Errorf("%s bytes of %s announced, %s present: the file is cut short; fetch it again",
		humanize.Comma(announced), unit(magic), humanize.Comma(present))
}

func damaged(err error) error {
	return fmt.Errorf("the file is damaged (%w); fetch it again", err)
}

func isCut(err error) bool { return err == io.EOF || err == io.ErrUnexpectedEOF }

func unit(magic uint32) string {
	if magic == imagesMagic {
		return "pixels"
	}
	return "labels"
}

func describeMagic(magic uint32) string {
	switch magic {
	case imagesMagic, labelsMagic:
		return "an IDX file of " + unit(magic)
	}
	return "no IDX file that is known here"
}
