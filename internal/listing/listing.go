// Package listing finds pictures and their classes, in folders, zip files and CSV lists. It decodes
// nothing.
package listing

import (
	"io"
	"io/fs"
)

// Item is a picture file and its class.
type Item struct {
	Name  string // slash path in List.FS
	Label int32  // index of List.Classes
}

// List are the pictures of a data set. The items of a split are in turn of their classes: the first
// of each class, the second of each, and so on.
type List struct {
	FS      fs.FS    // its names need not be fs.ValidPath: they may be in no encoding, and begin with ".."
	Title   string   // how messages name it: the path as the user gave it
	Classes []string // sorted, in NFC
	Train   []Item
	Val     []Item // nil: the set has none
	Test    []Item // nil: the set has none
	Notices []string

	closer io.Closer // of a zip; nil for others
}

// Close closes a zip file. Nothing can be read of FS any more.
func (l *List) Close() error {
	if l.closer == nil {
		return nil
	}
	return l.closer.Close()
}
