// Package pixelcsv reads CSV files of images in Kaggle's form: a row has a label and the pixels of a
// square grey image, label,pixel1,…,pixelN.
package pixelcsv

import (
	"context"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/dustin/go-humanize"

	"vggtrain/internal/csvfile"
	"vggtrain/internal/display"
)

// Bounds of a file.
const (
	MaxSide  = 1024    // pixels
	MaxBytes = 1 << 30 // of pixels
	maxRows  = 1 << 22
)

// maxInteger is the largest whole number up to which a float64 has all of them.
const maxInteger = 1 << 53

// Content is a file in memory.
type Content struct {
	Side   int     // S
	Pixels []byte  // N×S×S
	Labels []int64 // N
}

// Side returns the side of a square image of n pixels, 0 if none has n.
func Side(n int) int {
	if n < 1 {
		return 0
	}
	if side := int(math.Sqrt(float64(n))); side*side == n {
		return side
	}
	return 0
}

// HasNames reports whether the first row of a file names its columns. Else it is an image's.
func HasNames(header []string) bool {
	return slices.ContainsFunc(header, func(cell string) bool {
		_, err := number(cell)
		return err != nil
	})
}

// Read reads all rows. Errors are one line and do not name the file.
func Read(ctx context.Context, rows *csvfile.Reader) (*Content, error) {
	c := &Content{Side: Side(len(rows.Header) - 1)}
	if c.Side < 1 || c.Side > MaxSide {
		return nil, fmt.Errorf("%s columns of pixels: images must be square, of sides from 1 to %s", humanize.Comma(int64(len(rows.Header)-1)), humanize.Comma(MaxSide))
	}
	if !HasNames(rows.Header) {
		if err := c.add(rows.Header); err != nil {
			return nil, fmt.Errorf("line 1, %w", err)
		}
	}
	for {
		row, line, err := rows.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
		if err := c.add(row); err != nil {
			return nil, fmt.Errorf("line %d, %w", line, err)
		}
		if len(c.Labels)%1024 == 0 {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
		}
	}
	if len(c.Labels) == 0 {
		return nil, fmt.Errorf("no images, only the names of the columns")
	}
	c.Pixels, c.Labels = slices.Clip(c.Pixels), slices.Clip(c.Labels)
	return c, nil
}

// add adds the image of a row.
func (c *Content) add(row []string) error {
	if len(c.Labels) == maxRows || len(c.Pixels)+len(row)-1 > MaxBytes {
		return fmt.Errorf("image %s: no more than %s images and %s bytes of pixels are read",
			humanize.Comma(int64(len(c.Labels)+1)), humanize.Comma(maxRows), humanize.Comma(MaxBytes))
	}
	label, err := number(row[0])
	if err != nil || label != math.Trunc(label) || math.Abs(label) > maxInteger {
		return fmt.Errorf("column 1: label %s: labels must be integers", display.Word(row[0]))
	}
	c.Labels = append(c.Labels, int64(label))
	for i, cell := range row[1:] {
		v, ok := pixel(cell)
		if !ok {
			return fmt.Errorf("column %d: pixel %s: pixels must be whole numbers from 0 to 255", i+2, display.Word(cell))
		}
		c.Pixels = append(c.Pixels, v)
	}
	return nil
}

// pixel reads a whole number from 0 to 255.
func pixel(cell string) (byte, bool) {
	if v, err := strconv.ParseUint(cell, 10, 8); err == nil {
		return byte(v), true
	}
	v, err := number(cell) // " 7", 7.0
	b := byte(max(0, min(v, 255)))
	return b, err == nil && float64(b) == v
}

func number(cell string) (float64, error) { return strconv.ParseFloat(strings.TrimSpace(cell), 64) }
