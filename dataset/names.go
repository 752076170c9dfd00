package dataset

import (
	"errors"
	"fmt"
	"unicode/utf8"

	"vggtrain/internal/display"
)

// maxClassName is the longest name of a folder in characters, and so of a class.
const maxClassName = 255

// CheckClassName returns an error for an invalid class name: empty, longer than a folder's name, or
// with characters that do not print. These could break the line of a message.
func CheckClassName(name string) error {
	switch n := utf8.RuneCountInString(name); {
	case n == 0:
		return errors.New("an empty class name")
	case n > maxClassName:
		return fmt.Errorf("a class name of %d characters, more than %d", n, maxClassName)
	case !display.Printable(name):
		return fmt.Errorf("%.60q is not a class name that can be printed", name)
	}
	return nil
}
