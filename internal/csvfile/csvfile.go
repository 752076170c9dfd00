// Package csvfile reads the rows of CSV files of unknown origin, in bounded memory.
package csvfile

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/dustin/go-humanize"

	"vggtrain/internal/files"
)

// Bounds of a row: a quote that nobody closes must not take all memory. A column takes about 100 bytes.
const (
	MaxRow     = 16 << 20 // bytes
	maxColumns = 5 << 18  // those of a large image and a few
)

// bom is what Windows' programs begin a UTF-8 file with.
const bom = "\xef\xbb\xbf"

// Reader reads a file row by row.
type Reader struct {
	Header []string // the first row

	rows  *csv.Reader
	limit *limit
}

// NewReader reads the first row. A byte order mark before it is skipped, and lines may end as Windows'
// do. Errors are one line and do not name the file.
func NewReader(r io.Reader) (*Reader, error) {
	buffered := bufio.NewReader(r)
	if start, _ := buffered.Peek(len(bom)); bytes.Equal(start, []byte(bom)) {
		_, _ = buffered.Discard(len(bom)) // which are in the buffer
	}
	limited := &limit{r: buffered, bytes: MaxRow, columns: maxColumns}
	f := &Reader{rows: csv.NewReader(limited), limit: limited}
	f.rows.ReuseRecord = true
	header, err := f.rows.Read()
	switch {
	case err == io.EOF:
		return nil, errors.New("the file is empty")
	case err != nil:
		return nil, failure(err)
	}
	f.Header = slices.Clone(header)
	return f, nil
}

// Next returns the next row, valid until the following call, and the line that it begins on. It has as
// many cells as the header. The error is io.EOF after the last row.
func (f *Reader) Next() (row []string, line int, err error) {
	f.limit.bytes, f.limit.columns = MaxRow, maxColumns
	row, err = f.rows.Read()
	if err == io.EOF {
		return nil, 0, err
	}
	if err != nil {
		return nil, 0, failure(err)
	}
	line, _ = f.rows.FieldPos(0)
	return row, line, nil
}

// failure rewords an error of reading.
func failure(err error) error {
	parse, ok := errors.AsType[*csv.ParseError](err)
	switch {
	case ok && errors.Is(err, csv.ErrFieldCount):
		return fmt.Errorf("line %d: another number of columns than in line 1", parse.Line)
	case ok:
		return fmt.Errorf("line %d, column %d: no sound CSV (%w)", parse.Line, parse.Column, parse.Err)
	}
	return fmt.Errorf("cannot be read: %w", files.Cause(err))
}

// limit is a reader that fails when a row has more bytes or commas than are left.
type limit struct {
	r              io.Reader
	bytes, columns int
}

func (l *limit) Read(b []byte) (int, error) {
	switch {
	case l.bytes < 0:
		return 0, fmt.Errorf("a row of more than %s bytes", humanize.Comma(MaxRow))
	case l.columns < 0:
		return 0, fmt.Errorf("a row of more than %s columns", humanize.Comma(maxColumns))
	}
	n, err := l.r.Read(b)
	l.bytes -= n
	l.columns -= bytes.Count(b[:n], []byte(","))
	return n, err
}
