package display

import (
	"fmt"
	"runtime"
	"strings"
	"unicode"
	"unicode/utf8"
)

// ShellWord returns a word of a command as a shell takes it, without characters that do not print.
func ShellWord(word string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("._/-+=:,@", r) ||
			r == '\\' && runtime.GOOS == "windows"
	}
	switch {
	case word != "" && strings.IndexFunc(word, func(r rune) bool { return !plain(r) }) < 0:
		return word
	case runtime.GOOS == "windows":
		return `"` + Clean(word, "") + `"` // cmd.exe has no other way to write them
	case !Printable(word):
		return escaped(word)
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

// Flag returns a flag with a value behind a space, as in a command; "" for no value and the default.
func Flag(name, value, defaultValue string) string {
	if value == "" || value == defaultValue {
		return ""
	}
	return " --" + name + " " + ShellWord(value)
}

// escaped returns a word that does not print as $'…', where POSIX's shells take octal numbers for
// bytes.
func escaped(word string) string {
	var b strings.Builder
	b.WriteString("$'")
	for len(word) > 0 {
		r, size := utf8.DecodeRuneInString(word)
		switch bad := r == utf8.RuneError && size == 1; {
		case r == '\\' || r == '\'':
			b.WriteString(`\` + word[:size])
		case unicode.IsPrint(r) && !bad:
			b.WriteString(word[:size])
		default:
			for _, c := range []byte(word[:size]) {
				fmt.Fprintf(&b, `\%03o`, c)
			}
		}
		word = word[size:]
	}
	b.WriteByte('\'')
	return b.String()
}
