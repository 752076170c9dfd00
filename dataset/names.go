package dataset

import (
	"fmt"
	"io"
	"io/fs"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/dustin/go-humanize"

	"vggtrain/internal/display"
	"vggtrain/internal/files"
	"vggtrain/internal/listing"
)

// CheckClassName returns an error for an invalid class name: empty, longer than a folder's name, not
// UTF-8, or with control characters. These could break the line of a message.
func CheckClassName(name string) error {
	err := listing.CheckClass(name)
	if err != nil && name != "" {
		return fmt.Errorf("%s: %w", display.Quote(name), err)
	}
	return err
}

// labelNames are the classes of labels that are integers.
type labelNames struct {
	classes []string
	indices map[int64]int32 // of the labels in classes
}

// garments are the names of Fashion-MNIST's labels.
var garments = func() labelNames {
	n := labelNames{Classes, map[int64]int32{}}
	for i := range Classes {
		n.indices[int64(i)] = int32(i)
	}
	return n
}()

// nameLabels returns the classes of labels, which may be any integers: the distinct labels, sorted.
// given names them, if it is not nil: as many names in their order, or else a name for each number
// from 0.
func nameLabels(labels []int64, given *classFile) (labelNames, error) {
	n := labelNames{indices: map[int64]int32{}}
	for _, label := range labels {
		if n.indices[label] = 0; len(n.indices) > listing.MaxClasses {
			return n, fmt.Errorf("more than %s different labels: no more are read", humanize.Comma(listing.MaxClasses))
		}
	}
	distinct := slices.Sorted(maps.Keys(n.indices))
	if len(distinct) < 2 {
		return n, fmt.Errorf("only one label, %d: there must be two classes or more", distinct[0])
	}
	for i, label := range distinct {
		name := strconv.FormatInt(label, 10)
		if given != nil {
			var err error
			if name, err = given.name(i, distinct); err != nil {
				return n, err
			}
		}
		n.indices[label] = int32(i)
		n.classes = append(n.classes, name)
	}
	return n, nil
}

// classFile is a file of class names, a line each.
type classFile struct {
	title string // for messages
	names []string
}

// classesName is the file beside IDX files or a CSV file that names their labels.
const classesName = "classes.txt"

// maxClassFile bounds a classFile in bytes: MaxClasses names of 255 characters.
const maxClassFile = 64 << 20

// name returns the name of the i-th of the distinct labels.
func (c *classFile) name(i int, distinct []int64) (string, error) {
	switch n := int64(len(c.names)); {
	case len(c.names) == len(distinct):
		return c.names[i], nil
	case distinct[0] >= 0 && distinct[len(distinct)-1] < n:
		return c.names[distinct[i]], nil
	}
	return "", fmt.Errorf("%s has %s, but there are %s labels, %d to %d: it needs a name for each",
		c.title, display.Count(len(c.names), "name"), humanize.Comma(int64(len(distinct))), distinct[0], distinct[len(distinct)-1])
}

// readClassFile reads a file of class names. Lines may end as Windows' do; empty ones at the end do not
// count.
func readClassFile(system fs.FS, name, title string) (*classFile, error) {
	file, _, err := files.OpenRegular(system, name)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", title, err)
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, maxClassFile+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("%s: cannot be read: %w", title, files.Cause(err))
	case len(text) > maxClassFile:
		return nil, fmt.Errorf("%s: more than %s bytes: no list of class names", title, humanize.Comma(maxClassFile))
	}
	c, lines := &classFile{title: title}, map[string]int{}
	for line := range strings.Lines(strings.TrimRight(strings.TrimPrefix(string(text), "\ufeff"), " \r\n")) {
		name := listing.ClassKey(strings.TrimSpace(line))
		c.names = append(c.names, name)
		if err := listing.CheckClass(name); err != nil {
			return nil, fmt.Errorf("%s: line %d: %w", title, len(c.names), err)
		}
		if other := lines[name]; other > 0 {
			return nil, fmt.Errorf("%s: line %d: %s is the name of line %d, too: a class needs a name of its own", title, len(c.names), display.Word(name), other)
		}
		lines[name] = len(c.names)
		if len(c.names) > listing.MaxClasses {
			return nil, fmt.Errorf("%s: more than %s names: no more are read", title, humanize.Comma(listing.MaxClasses))
		}
	}
	return c, nil
}
