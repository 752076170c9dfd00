package idx

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
)

// File is one of Fashion-MNIST's four files.
type File struct {
	Name   string
	Magic  uint32
	Size   int64  // uncompressed
	SHA256 string // of the uncompressed bytes, since packagers recompress
}

// Published lists train images, train labels, test images, test labels.
var Published = [4]File{
	{"train-images-idx3-ubyte", ImagesMagic, 47_040_016, "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888"},
	{"train-labels-idx1-ubyte", LabelsMagic, 60_008, "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9"},
	{"t10k-images-idx3-ubyte", ImagesMagic, 7_840_016, "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b"},
	{"t10k-labels-idx1-ubyte", LabelsMagic, 10_008, "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34"},
}

// Kind returns what the file holds.
func (p File) Kind() Kind {
	if p.Magic == LabelsMagic {
		return Labels
	}
	return Images
}

// Is reports whether content equals the published file, by digest.
func (p File) Is(content *Content) bool {
	return hex.EncodeToString(content.Digest[:]) == p.SHA256
}

// Names are the file's names, the first that is there counts: packed before plain, and - before a dot.
func (p File) Names() []string {
	dotted := strings.Replace(p.Name, "-idx", ".idx", 1)
	return []string{p.Name + ".gz", p.Name, dotted + ".gz", dotted}
}

// Find reads the file, packed or plain, from a folder; messages call the folder dir. The error is
// fs.ErrNotExist if the file is missing.
func (p File) Find(folder fs.FS, dir string) (content *Content, path string, err error) {
	name := p.Name
	for _, known := range p.Names() {
		if _, err := fs.Stat(folder, known); !errors.Is(err, fs.ErrNotExist) {
			name = known
			break
		}
	}
	path = filepath.Join(dir, name)
	content, err = ReadFile(folder, name, p.Kind())
	if errors.Is(err, fs.ErrNotExist) {
		err = fmt.Errorf("%w, neither packed (.gz) nor plain", err)
	}
	if err != nil {
		return nil, path, fmt.Errorf("%s: %w", path, err)
	}
	return content, path, nil
}
