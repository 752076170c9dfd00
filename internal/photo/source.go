package photo

import (
	"bufio"
	"io"
)

// source is a file of known size that is read at any offset.
type source struct {
	io.ReaderAt
	size   int64
	window []byte // what was read last
	at     int64  // where it begins
}

// windowBytes is how much of a file is read for a few bytes of it: headers lie together.
const windowBytes = 4096

// bytes returns n bytes at an offset, at most windowBytes, until it is called again.
func (s *source) bytes(at int64, n int) ([]byte, error) {
	if at < 0 || at > s.size-int64(n) {
		return nil, io.ErrUnexpectedEOF
	}
	if s.window == nil {
		s.window = make([]byte, 0, windowBytes)
	}
	if at < s.at || at+int64(n) > s.at+int64(len(s.window)) {
		s.at, s.window = at, s.window[:min(windowBytes, s.size-at)]
		if read, err := s.ReadAt(s.window, at); read < len(s.window) {
			s.window = s.window[:0]
			return nil, err
		}
	}
	return s.window[at-s.at:][:n], nil
}

// reader reads n bytes from an offset on; fewer at the end of the file.
func (s *source) reader(at, n int64) *bufio.Reader {
	return bufio.NewReader(io.NewSectionReader(s, at, max(0, min(n, s.size-at))))
}

// whole reads the file from its begin on.
func (s *source) whole() *bufio.Reader { return s.reader(0, s.size) }
