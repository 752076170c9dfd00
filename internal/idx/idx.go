// Package idx reads files of LeCun's IDX format: those of MNIST and of sets like it. It knows the four of
// Fashion-MNIST by heart.
package idx

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"io"

	"github.com/dustin/go-humanize"

	"vggtrain/internal/files"
)

// Kind is what a file holds.
type Kind uint8

// The kinds of files. Images are N×H×W whole numbers from 0 to 255. Labels are N integers, or N×K, of
// which the first column counts (QMNIST's).
const (
	Images Kind = iota
	Labels
)

// unit is what a file of the kind holds, for messages.
func (k Kind) unit() string { return [...]string{"pixels", "labels"}[k] }

// Bounds of a file. Reading one allocates at most the least of 4/3 of MaxBytes, unproven and 6 times
// its real content, and maxInflation times its size; and a few buffers. Values that are not unsigned
// bytes take as much again for pixels, and 8 bytes for a label.
const (
	MaxSide   = 1024    // pixels
	MaxBytes  = 1 << 30 // of values in one file
	MaxLabels = 1 << 24
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
	Dims   []int             // images: N, H, W; labels: N
	Pixels []byte            // of images: N×H×W
	Labels []int64           // of labels: N
	Digest [sha256.Size]byte // of the whole uncompressed file
}

// Read reads an IDX file, gzip or plain, of fileSize bytes. It must be of the kind, and may announce at
// most largest bytes of values. Read checks every bound before it allocates, and reads at most one byte
// more than announced. Errors do not name the file.
func Read(r io.Reader, fileSize int64, kind Kind, largest int64) (*Content, error) {
	plain, packed, err := uncompressed(r)
	if err != nil {
		return nil, err
	}
	h, err := readHeader(plain, kind, largest)
	if err != nil {
		return nil, err
	}
	present := fileSize
	if packed {
		present *= maxInflation
	}
	if h.size > present { // cannot all be there: count what is, without keeping it
		n, err := io.Copy(io.Discard, plain)
		return nil, broken(cmp.Or(err, io.EOF), cutShort, humanize.Comma(h.size), kind.unit(), humanize.Comma(n))
	}
	data, digest, err := readDigested(plain, h.bytes, int(h.size), packed)
	if err != nil {
		return nil, broken(err, cutShort, humanize.Comma(h.size), kind.unit(), humanize.Comma(int64(len(data))))
	}
	if err := mustEnd(plain, kind, h.size); err != nil {
		return nil, err
	}
	c := &Content{Dims: h.dims, Digest: digest}
	if kind == Labels {
		c.Labels, err = h.labels(data)
		c.Dims = h.dims[:1]
	} else {
		c.Pixels, err = h.pixels(data)
	}
	return c, err
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

// mustEnd checks that nothing follows; for gzip this also checks its own checksum.
func mustEnd(r io.Reader, kind Kind, size int64) error {
	var extra [1]byte
	n, err := io.ReadFull(r, extra[:])
	switch {
	case n > 0:
		return fmt.Errorf("%s bytes of %s announced, more are present: the header or the file is wrong; fetch it again",
			humanize.Comma(size), kind.unit())
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
