package dataset

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"vggtrain/internal/display"
)

// LeftOut is a file without a picture that can be read.
type LeftOut struct {
	Name   string // path in the data set
	Reason string
}

// Of at most leftOutNumber pictures that cannot be read, and of more if they are no more than one in
// leftOutShare, only the user is told; and at most namedFiles of them are named.
const (
	leftOutNumber = 10
	leftOutShare  = 10
	namedFiles    = 10
	// hopelessNumber pictures that cannot be read, and more than one in leftOutShare, end the reading:
	// what millions of files lack is not for memory to hold.
	hopelessNumber = 1000
)

// leaveOut notes the pictures of a set that cannot be read. It is an error if they are too many.
func (l *loading) leaveOut(s split, failures map[int]error) error {
	if len(failures) == 0 {
		return nil
	}
	var named []string
	for _, i := range slices.Sorted(maps.Keys(failures)) {
		path, title := fileOf(*s.source, i)
		reason, _ := strings.CutPrefix(failures[i].Error(), title+": ")
		l.data.LeftOut = append(l.data.LeftOut, LeftOut{path, reason})
		if len(named) < namedFiles {
			named = append(named, fmt.Sprintf("%s (%s)", display.Name(path), reason))
		}
	}
	n := (*s.source).Len()
	list := display.Some(named, len(failures))
	number := display.Comma(len(failures))
	if len(failures) > hopelessNumber && len(failures)*leftOutShare > n {
		number += " or more"
	}
	of := fmt.Sprintf("%s of %s of %s", number, display.Count(n, "picture"), s.name)
	switch {
	case len(failures) == n:
		return fmt.Errorf("%s: no picture of %s can be read: %s", display.Name(l.data.Origin), s.name, list)
	case len(failures) > leftOutNumber && len(failures)*leftOutShare > n:
		return fmt.Errorf("%s: %s cannot be read, more than one in %d: replace or remove them: %s", display.Name(l.data.Origin), of, leftOutShare, list)
	}
	l.Notice(fmt.Sprintf("%s cannot be read and are left out: %s", of, list))
	return nil
}

// tellLostClasses tells which classes have lost all their pictures.
func (l *loading) tellLostClasses(s split, left *Set) {
	there := make([]bool, len(l.data.Classes))
	for _, label := range left.Labels {
		there[label] = true
	}
	var lost []string
	for i := range (*s.source).Len() {
		if label := (*s.source).Label(i); !there[label] {
			there[label] = true // told
			lost = append(lost, display.Quote(l.data.Classes[label]))
		}
	}
	if len(lost) > 0 {
		l.Notice(fmt.Sprintf("no picture that can be read is left in %s of %s", s.name, display.Some(lost[:min(namedFiles, len(lost))], len(lost))))
	}
}

// fileOf returns the path of image i in its data set, and its name for messages.
func fileOf(s Source, i int) (path, title string) {
	from, k := viewed(s, i)
	if p, ok := from.(*pictures); ok {
		return p.items[k].Name, p.title(k)
	}
	path = fmt.Sprintf("image %d", i)
	return path, path
}
