package dataset

import (
	"errors"
	"fmt"
	"unicode/utf8"

	"vggtrain/internal/display"
)

// maxClassName is how many characters a folder's name can have, and so a class's.
const maxClassName = 255

// CheckClassName reports a name that no class can have, wherever it comes from: one that is empty,
// longer than a folder's, or that does not print and could make something else of the line in
// which it stands.
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
