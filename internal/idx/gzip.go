package idx

import (
	"bufio"
	"errors"
	"io"

	"github.com/klauspost/compress/gzip"

	"vggtrain/internal/files"
)

// GzipMagic begins a gzip file.
const GzipMagic = "\x1f\x8b"

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
	m := &members{source: buffered, member: new(gzip.Reader)}
	if err := m.begin(); err != nil {
		return nil, false, broken(err, "the gzip header is cut short; fetch the file again")
	}
	return m, true, nil
}

// members reads the members of a gzip file, one after another, and zero bytes after the last. Tapes and
// some tools fill up with them; gzip ignores them, too.
type members struct {
	source *bufio.Reader
	member *gzip.Reader
}

func (m *members) Read(b []byte) (int, error) {
	for {
		n, err := m.member.Read(b)
		if n > 0 && err == io.EOF {
			return n, nil // and the end with the next call
		}
		if n > 0 || err != io.EOF {
			return n, err
		}
		if err := m.next(); err != nil {
			return 0, err
		}
	}
}

// next begins the member after the one that has ended. The error is io.EOF after the last.
func (m *members) next() error {
	zeros := false
	for {
		b, err := m.source.ReadByte()
		switch {
		case err != nil:
			return err
		case b != 0 && zeros:
			return errors.New("gzip: something after the zeros at the end")
		case b != 0:
			_ = m.source.UnreadByte() // which never fails after ReadByte
			return m.begin()
		}
		zeros = true
	}
}

// begin reads a member's header. A member that ends there is cut short.
func (m *members) begin() error {
	err := m.member.Reset(m.source)
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	m.member.Multistream(false)
	return err
}
