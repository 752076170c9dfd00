package strictyaml

import (
	"bytes"
	"fmt"
	"unicode"
	"unicode/utf8"
)

// checkText refuses what is no text of bounded size, before anything is made of it.
func checkText(data []byte) error {
	if len(data) > MaxBytes {
		return &Error{What: fmt.Sprintf("more than %d bytes; settings and architectures have far fewer", MaxBytes)}
	}
	if !utf8.Valid(data) {
		return &Error{What: "not UTF-8 text; give a YAML file"}
	}
	number, empty := 0, 0
	for line := range bytes.Lines(data) {
		number++
		line = bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\n")), []byte("\r"))
		if len(line) > maxLine {
			return &Error{number, 1, fmt.Sprintf("a line of %d bytes; use at most %d", len(line), maxLine)}
		}
		if i := bytes.IndexFunc(line, isForbidden); i >= 0 {
			r, _ := utf8.DecodeRune(line[i:])
			return &Error{number, utf8.RuneCount(line[:i]) + 1, fmt.Sprintf("the control character %U; take it out", r)}
		}
		if empty++; len(bytes.TrimSpace(line)) > 0 {
			empty = 0
		}
		if empty > maxEmpty {
			return &Error{number, 1, fmt.Sprintf("more than %d empty lines in a row; take some out", maxEmpty)}
		}
	}
	return nil
}

// isForbidden reports characters that no text has: all controls but tab. A carriage return is
// part of a line's end or nothing.
func isForbidden(r rune) bool { return unicode.IsControl(r) && r != '\t' }
