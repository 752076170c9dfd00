// Package display writes for people: numbers with their units, words of commands, and text of files
// and users, made short and free of characters that move a cursor, end a line or turn the direction
// of writing.
//
//	Name   a path or name: as it is, or in Go's quotes if it is not Printable
//	Word   a value: like Name, but in quotes also if it is empty or has a space
//	Quote  a value: always in Go's quotes
//	Line   a message: what does not print becomes Go's escapes
//	Clean  prose: what does not print becomes U+FFFD
//	Label  a name among other text: like Clean, and set apart if it is written from right to left
//	Cell   a cell of CSV: with an apostrophe before what a spreadsheet would run
package display

import (
	"fmt"
	"runtime"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Short is the largest length of a value in messages, in characters.
const Short = 60

// visible reports whether a character is seen, or is a space of some width, or joins its neighbours,
// as in emoji of several and in Persian.
func visible(r rune) bool {
	const joiner, nonJoiner = '\u200d', '\u200c'
	return unicode.IsGraphic(r) || r == joiner || r == nonJoiner
}

// Printable reports whether text is UTF-8 with visible characters only.
func Printable(text string) bool {
	return utf8.ValidString(text) && !strings.ContainsFunc(text, func(r rune) bool { return !visible(r) })
}

// Name returns text, in quotes if it is not Printable.
func Name(text string) string {
	if Printable(text) {
		return text
	}
	return strconv.Quote(text)
}

// Word returns at most Short characters of text, in quotes unless they are one printable word.
func Word(text string) string {
	text = Cut(text, Short)
	if text == "" || strings.ContainsAny(text, ` "`) {
		return strconv.Quote(text)
	}
	return Name(text)
}

// Quote returns at most Short characters of text, in quotes.
func Quote(text string) string { return strconv.Quote(Cut(text, Short)) }

// Cut returns text, or its first most characters and an ellipsis. Invalid UTF-8 stays as it is.
func Cut(text string, most int) string {
	length := 0
	for i := range text {
		if length++; length > most {
			return text[:i] + "…"
		}
	}
	return text
}

// Line returns at most most characters of text on one line; an escape counts as one.
func Line(text string, most int) string { return Escape(Cut(text, most)) }

// Escape replaces unprintable characters by Go's escapes.
func Escape(text string) string {
	var out strings.Builder
	for _, r := range text {
		if visible(r) {
			out.WriteRune(r)
		} else {
			out.WriteString(strings.Trim(strconv.QuoteRune(r), "'"))
		}
	}
	return out.String()
}

// Clean replaces characters by U+FFFD, except visible ones, spaces and those in keep.
func Clean(text, keep string) string {
	return strings.Map(func(r rune) rune {
		if visible(r) || strings.ContainsRune(keep, r) {
			return r
		}
		return unicode.ReplacementChar
	}, text)
}

// ShellWord quotes a word for a shell where needed. The result has no unprintable characters.
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

// Flag returns a flag and its value after a space, as in a command. It is "" for an empty value and
// for the default.
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
		case visible(r) && !bad:
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
