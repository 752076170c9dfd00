package listing

import (
	"io/fs"
	"os"
	"path/filepath"
)

// tree is the file system of a folder on the disk. Unlike os.DirFS it takes all names that a disk may
// hold, in no encoding too, and names that lead out of the folder, which a list may have.
type tree struct{ root string }

func (t tree) path(name string) string { return filepath.Join(t.root, filepath.FromSlash(name)) }

func (t tree) Open(name string) (fs.File, error)          { return os.Open(t.path(name)) }
func (t tree) Stat(name string) (fs.FileInfo, error)      { return os.Stat(t.path(name)) }
func (t tree) ReadDir(name string) ([]fs.DirEntry, error) { return os.ReadDir(t.path(name)) }

// real returns the absolute name without links of the folder, by which it is known again.
func (t tree) real(name string) (string, error) {
	absolute, err := filepath.Abs(t.path(name))
	if err != nil {
		return "", err
	}
	return filepath.EvalSymlinks(absolute)
}
