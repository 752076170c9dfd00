package listing

import (
	"fmt"
	"io"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/dustin/go-humanize"
	"github.com/dustin/go-humanize/english"

	"vggtrain/internal/csvfile"
	"vggtrain/internal/display"
	"vggtrain/internal/files"
	"vggtrain/internal/photo"
	"vggtrain/internal/pixelcsv"
)

// Form is what a CSV file holds.
type Form int

// The forms of CSV files.
const (
	NoForm Form = iota
	Paths       // path,label and perhaps split: a picture a row
	Pixels      // label,pixel1,…,pixelN: an image a row, Kaggle's
)

// minBareSide is the least side of images in a file without a row of names: small tables of numbers are
// something else.
const minBareSide = 4

// FormOf returns the form of a CSV file by its first row.
func FormOf(header []string) Form {
	label, side := column(header, "label"), pixelcsv.Side(len(header)-1)
	switch {
	case label >= 0 && column(header, "path") >= 0:
		return Paths
	case label == 0 && side > 0 && strings.ContainsAny(header[side*side], "0123456789"), side >= minBareSide && !pixelcsv.HasNames(header):
		return Pixels
	}
	return NoForm
}

// column returns the place of a column, -1 if the header lacks it.
func column(header []string, name string) int {
	return slices.IndexFunc(header, func(cell string) bool { return strings.EqualFold(strings.TrimSpace(cell), name) })
}

// OpenTable opens a CSV file in Dir. Errors name it.
func (p *Place) OpenTable(name string) (*csvfile.Reader, io.Closer, error) {
	file, _, err := files.OpenRegular(p.FS, path.Join(p.Dir, name))
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", p.At(path.Join(p.Dir, name)), err)
	}
	rows, err := csvfile.NewReader(file)
	if err != nil {
		_ = file.Close() // which is not what went wrong
		return nil, nil, fmt.Errorf("%s: %w", p.At(path.Join(p.Dir, name)), err)
	}
	return rows, file, nil
}

// FormOfTable returns the form of a CSV file in Dir.
func (p *Place) FormOfTable(name string) (Form, []string, error) {
	rows, file, err := p.OpenTable(name)
	if err != nil {
		return NoForm, nil, err
	}
	defer file.Close()
	return FormOf(rows.Header), rows.Header, nil
}

// List lists the pictures of a CSV file in Dir: a row has a picture's path from the file, its label and
// perhaps its split. Rows without a split are to train on.
func (p *Place) List(name string) (*List, error) {
	p.walker.strays = 0 // of class folders that were looked for
	rows, file, err := p.OpenTable(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	t := &table{place: p, title: p.At(path.Join(p.Dir, name)),
		path: column(rows.Header, "path"), label: column(rows.Header, "label"), split: column(rows.Header, "split")}
	for s := range t.found {
		t.found[s] = groups{}
	}
	for {
		row, line, err := rows.Next()
		if err == io.EOF {
			break
		}
		if err == nil {
			err = t.add(row, line)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", t.title, err)
		}
	}
	l, err := assemble(t.found, t.title, func() string { return "it has " + display.Count(t.rows, "row") })
	if err != nil {
		return nil, err
	}
	p.finish(l)
	return l, nil
}

// table is a CSV file of paths being read.
type table struct {
	place              *Place
	title              string
	path, label, split int // columns; split is -1 if there is none
	found              [splits]groups
	rows               int
}

// add adds a row.
func (t *table) add(row []string, line int) error {
	if t.rows++; t.rows > MaxFiles {
		return fmt.Errorf("line %d: more than %s rows: no more are read", line, humanize.Comma(MaxFiles))
	}
	if t.rows%readAtOnce == 0 {
		if err := t.place.walker.ctx.Err(); err != nil {
			return err
		}
		t.place.walker.tell(t.rows)
	}
	label, name := strings.TrimSpace(row[t.label]), strings.TrimSpace(row[t.path])
	if err := CheckClass(label); err != nil {
		return fmt.Errorf("line %d: %w", line, err)
	}
	if name == "" {
		return fmt.Errorf("line %d: no path", line)
	}
	s := train
	if t.split >= 0 {
		if s = splitOf(strings.TrimSpace(row[t.split])); s == noSplit {
			return fmt.Errorf("line %d: split %s: it must be train, val (valid, validation) or test", line, display.Word(row[t.split]))
		}
	}
	g := t.found[s][ClassKey(label)]
	if g == nil {
		if len(t.found[s]) == MaxClasses {
			return fmt.Errorf("line %d: more than %s classes: no more are read", line, humanize.Comma(MaxClasses))
		}
		g = t.found[s].add(strings.Clone(label), fmt.Sprintf("%s, line %d: %s", t.title, line, display.Name(label)))
	}
	g.names = append(g.names, t.place.inTable(name))
	return nil
}

// inTable returns the name in FS of a path in a CSV file. An absolute path becomes one from FS, so that
// nothing that is written of the picture tells where on a disk it was.
func (p *Place) inTable(name string) string {
	if !strings.Contains(name, "/") {
		name = strings.ReplaceAll(name, `\`, "/") // as written on Windows
	}
	if filepath.IsAbs(filepath.FromSlash(name)) {
		if root, err := filepath.Abs(p.Title); err == nil {
			if relative, err := filepath.Rel(root, filepath.FromSlash(name)); err == nil {
				return filepath.ToSlash(relative)
			}
		}
	}
	return strings.Clone(path.Join(p.Dir, name)) // without the rest of its row
}

// mistake says what is wrong with the first row of a CSV file that is nearly of a known form, or "".
func mistake(header []string) string {
	pixels := len(header) - 1
	switch {
	case pixels == 0 && strings.Contains(header[0], ";"):
		return "semicolons between its columns: only commas are read; save it as CSV with commas"
	case pixels == 0 && strings.Contains(header[0], "\t"):
		return "tabs between its columns: only commas are read; save it as CSV with commas"
	case slices.ContainsFunc(header, func(cell string) bool { return photo.Readable(strings.TrimSpace(cell)) }):
		return "line 1 is a picture's: names of columns must come first; begin the file with a line as path,label"
	case pixels > 1 && pixelcsv.Side(pixels) == 0 && (!pixelcsv.HasNames(header) && pixels >= minBareSide*minBareSide ||
		column(header, "label") == 0 && strings.HasPrefix(strings.ToLower(strings.TrimSpace(header[1])), "pixel")):
		return humanize.Comma(int64(pixels)) + " columns of pixels: images must be grey and square, as 784 pixels are 28×28; write others as picture files, in a folder for each class"
	}
	return ""
}

// NoTable is the error of a CSV file without a known form.
func (p *Place) NoTable(name string, header []string) error {
	if wrong := mistake(header); wrong != "" {
		return fmt.Errorf("%s: %s", p.At(path.Join(p.Dir, name)), wrong)
	}
	const most = 4
	var words []string
	for i, cell := range header {
		if i == most {
			words = append(words, "more")
			break
		}
		words = append(words, display.Word(cell))
	}
	return fmt.Errorf("%s: columns %s: a list has the columns path and label, and perhaps split; Kaggle's form has label, pixel1 and so on",
		p.At(path.Join(p.Dir, name)), english.WordSeries(words, "and"))
}
