package listing

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/dustin/go-humanize"

	"vggtrain/internal/display"
	"vggtrain/internal/files"
	"vggtrain/internal/photo"
)

// Bounds of a zip file's directory. A hostile one has an entry in 46 bytes, which takes about 350 in
// memory.
const (
	maxZipDirectory = 256 << 20 // bytes
	maxZipName      = 4096      // bytes, as of a path on a disk
)

// maxInflation bounds the bytes in one byte of deflate: its longest match is 258 bytes and takes at least
// two bits.
const maxInflation = 258 * 4

// openZip opens a zip file. It reads the directory alone.
func openZip(name string, size int64) (*Place, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("cannot be read: %w", files.Cause(err))
	}
	packed, err := readZip(file, size)
	if err != nil {
		_ = file.Close() // which is not what went wrong
		return nil, err
	}
	return &Place{FS: packed, Title: name, Dir: ".", closer: file}, nil
}

// zipped is the file system of a zip file. Its names are slash paths in any encoding.
type zipped struct {
	folders map[string][]zipEntry // by name; "." is the root
	entries map[string]*zip.File  // files by name
}

// zipEntry is an entry of a folder.
type zipEntry struct {
	name string
	file *zip.File // nil: a folder
}

// readZip reads the directory of a zip file of size bytes.
func readZip(r io.ReaderAt, size int64) (*zipped, error) {
	limited := &readLimit{r: r, left: maxZipDirectory}
	archive, err := zip.NewReader(limited, size)
	switch {
	case limited.left < 0:
		return nil, fmt.Errorf("a directory of more than %s bytes: unpack it, and name the folder", humanize.Comma(maxZipDirectory))
	case errors.Is(err, zip.ErrFormat) && beginsZip(r):
		return nil, errors.New("not a sound zip file, but one that is cut short or damaged: fetch or copy it again")
	case errors.Is(err, zip.ErrFormat):
		return nil, errors.New("not a folder, nor a sound zip or CSV file")
	case err != nil && !errors.Is(err, zip.ErrInsecurePath):
		return nil, fmt.Errorf("not a sound zip file (%w)", files.Cause(err))
	}
	limited.done = true
	z := &zipped{map[string][]zipEntry{".": nil}, map[string]*zip.File{}}
	left := uint64(size)
	for _, f := range archive.File {
		if f.CompressedSize64 > left { // the same bytes unpacked a thousand times would take days
			return nil, errors.New("files that take more than the zip has: damaged, or made to do harm")
		}
		left -= f.CompressedSize64
		if err := z.add(f); err != nil {
			return nil, err
		}
	}
	return z, nil
}

// beginsZip reports whether a file begins as a zip file does.
func beginsZip(r io.ReaderAt) bool {
	start := make([]byte, 4)
	_, _ = r.ReadAt(start, 0) // of a file that cannot be read: zeros
	return string(start) == "PK\x03\x04"
}

// add adds an entry, and the folders that it is in. Links are not followed in a zip.
func (z *zipped) add(f *zip.File) error {
	slashed := strings.ReplaceAll(f.Name, `\`, "/") // as some programs of Windows write
	name := path.Clean(slashed)
	parts := strings.Split(name, "/")
	switch quoted := display.Quote(f.Name); {
	case len(f.Name) > maxZipName:
		return fmt.Errorf("%s: a name of %s bytes: no more than %s are read", quoted, humanize.Comma(int64(len(f.Name))), humanize.Comma(maxZipName))
	case path.IsAbs(name) || parts[0] == "..":
		return fmt.Errorf("%s: a name that leads out of the zip file: pack it anew", quoted)
	case slices.ContainsFunc(parts, photo.Ignored) || f.Mode()&fs.ModeSymlink != 0:
		return nil
	case strings.HasSuffix(slashed, "/"):
		return z.addFolder(name)
	case f.Flags&1 != 0:
		return fmt.Errorf("%s: encrypted: unpack the zip file with its password, and name the folder", quoted)
	case f.Method != zip.Store && f.Method != zip.Deflate:
		return fmt.Errorf("%s: packed by method %d: only those of all programs, 0 and 8, are read; unpack the zip file, and name the folder", quoted, f.Method)
	case z.entries[name] != nil || z.has(name):
		return fmt.Errorf("%s: twice in the zip file: pack it anew", quoted)
	}
	z.entries[name] = f
	return z.place(name, f)
}

// addFolder adds a folder, and the folders that it is in.
func (z *zipped) addFolder(name string) error {
	switch {
	case z.has(name):
		return nil
	case z.entries[name] != nil:
		return fmt.Errorf("%s: a file and a folder in the zip file: pack it anew", display.Quote(name))
	}
	z.folders[name] = nil
	return z.place(name, nil)
}

// has reports whether a folder is known.
func (z *zipped) has(folder string) bool {
	_, known := z.folders[folder]
	return known
}

// place makes an entry known to its folder.
func (z *zipped) place(name string, f *zip.File) error {
	if len(z.folders)+len(z.entries) > MaxFiles {
		return fmt.Errorf("more than %s files and folders: no more are read", humanize.Comma(MaxFiles))
	}
	dir, base := path.Split(name)
	dir = path.Clean(dir)
	if err := z.addFolder(dir); err != nil {
		return err
	}
	z.folders[dir] = append(z.folders[dir], zipEntry{base, f})
	return nil
}

// Open opens a file or a folder.
func (z *zipped) Open(name string) (fs.File, error) {
	info, err := z.Stat(name)
	if err != nil {
		return nil, err
	}
	f := z.entries[name]
	if f == nil {
		return &zipFolder{info, z.folders[name]}, nil
	}
	content, err := f.Open()
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: err}
	}
	return zipFile{content, info}, nil
}

// Stat describes a file or a folder.
func (z *zipped) Stat(name string) (fs.FileInfo, error) {
	if f := z.entries[name]; f != nil {
		return zipInfo{path.Base(name), f}, nil
	}
	if z.has(name) {
		return zipInfo{path.Base(name), nil}, nil
	}
	return nil, &fs.PathError{Op: "stat", Path: name, Err: fs.ErrNotExist}
}

// zipFile is an open file of a zip.
type zipFile struct {
	io.ReadCloser
	info fs.FileInfo
}

func (f zipFile) Stat() (fs.FileInfo, error) { return f.info, nil }

// zipFolder is an open folder of a zip.
type zipFolder struct {
	info fs.FileInfo
	left []zipEntry
}

func (f *zipFolder) Stat() (fs.FileInfo, error) { return f.info, nil }
func (f *zipFolder) Close() error               { return nil }

func (f *zipFolder) Read([]byte) (int, error) {
	return 0, &fs.PathError{Op: "read", Path: f.info.Name(), Err: errors.New("a folder")}
}

// ReadDir returns the next n entries.
func (f *zipFolder) ReadDir(n int) ([]fs.DirEntry, error) {
	if n > 0 && len(f.left) == 0 {
		return nil, io.EOF
	}
	if n <= 0 || n > len(f.left) {
		n = len(f.left)
	}
	entries := make([]fs.DirEntry, n)
	for i, e := range f.left[:n] {
		entries[i] = fs.FileInfoToDirEntry(zipInfo(e))
	}
	f.left = f.left[n:]
	return entries, nil
}

// zipInfo describes an entry. A file's size is at most what its packed bytes can hold, whatever the zip
// announces.
type zipInfo zipEntry

func (i zipInfo) Name() string       { return i.name }
func (i zipInfo) IsDir() bool        { return i.file == nil }
func (i zipInfo) Sys() any           { return nil }
func (i zipInfo) ModTime() time.Time { return time.Time{} }

func (i zipInfo) Mode() fs.FileMode {
	if i.file == nil {
		return fs.ModeDir | 0o555
	}
	return 0o444
}

func (i zipInfo) Size() int64 {
	if i.file == nil {
		return 0
	}
	packed := min(i.file.CompressedSize64, 1<<50) // a zip of a petabyte is none
	return int64(min(i.file.UncompressedSize64, packed*maxInflation))
}

// readLimit fails when more than left bytes are read, until done.
type readLimit struct {
	r    io.ReaderAt
	left int64
	done bool
}

func (l *readLimit) ReadAt(b []byte, at int64) (int, error) {
	if !l.done {
		if l.left -= int64(len(b)); l.left < 0 {
			return 0, errors.New("the directory is too large")
		}
	}
	return l.r.ReadAt(b, at)
}
