package dataset

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"

	"vggtrain/internal/idx"
)

// FileOK is the status of a file exactly as published.
const FileOK = "ok"

// FileReport is the result of Verify for one of the four files.
type FileReport struct {
	Name string // train-images-idx3-ubyte
	Path string // where it is or belongs
	// Status is FileOK; "missing": neither packed nor plain; "damaged": it cannot be read, or is no
	// IDX file of its kind; or "other": a sound IDX file, but not the published one.
	Status string
	SHA256 string // of the uncompressed bytes; "" if they cannot be read
	Detail string // what is wrong; "" if nothing is
}

// Verify checks each of the four files in dir by itself. Missing and wrong files are in the reports.
// It is an error if dir cannot be read or holds class folders.
func Verify(dir string) ([]FileReport, error) {
	f := openFolder(dir)
	if err := f.check(); err != nil {
		return nil, err
	}
	if f.holdsClasses() {
		return nil, fmt.Errorf("%s: holds class folders, of which nothing is published to compare them with; they are checked whenever they are opened", dir)
	}
	var reports []FileReport
	for _, p := range idx.Published {
		content, path, err := p.Find(f.files, f.title)
		report := FileReport{Name: p.Name, Path: path}
		switch {
		case errors.Is(err, fs.ErrNotExist):
			report.Status, report.Detail = "missing", err.Error()
		case err != nil:
			report.Status, report.Detail = "damaged", err.Error()
		case p.Is(content):
			report.Status, report.SHA256 = FileOK, p.SHA256
		default:
			report.Status, report.SHA256 = "other", hex.EncodeToString(content.Digest[:])
			report.Detail = path + ": not the published file, whose SHA-256 is " + p.SHA256
		}
		reports = append(reports, report)
	}
	return reports, nil
}
