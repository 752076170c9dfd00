package listing

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// maxClassName is the longest class name in characters: that of a folder.
const maxClassName = 255

// CheckClass returns an error for an invalid class name: empty, too long, not UTF-8, or with a control
// character. It does not have the name.
func CheckClass(name string) error {
	switch n := utf8.RuneCountInString(name); {
	case n == 0:
		return errors.New("an empty class name")
	case n > maxClassName:
		return fmt.Errorf("a class name of %d characters: no more than %d are read", n, maxClassName)
	case !utf8.ValidString(name):
		return errors.New("a class name that is not UTF-8: rename it")
	case strings.ContainsFunc(name, unicode.IsControl):
		return errors.New("a class name with a control character: rename it")
	}
	return nil
}

// ClassKey is the form in which class names are compared: Unicode's NFC. Systems write the same letters
// in different ways.
func ClassKey(name string) string { return norm.NFC.String(name) }
