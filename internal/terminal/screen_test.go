package terminal

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// screen is a terminal as far as the bar knows one: it breaks long lines, obeys carriage return,
// line feed, erase to the end and colours, and breaks its lines anew when it is resized, as most
// terminals do. Anything else is an error.
type screen struct {
	t       *testing.T
	columns int
	lines   [][]rune // as they were written, however many rows they take
	line    int      // of the cursor
	at      int      // in it
	wrapped int      // times that a line reached the last column
}

func newScreen(t *testing.T, columns int) *screen {
	return &screen{t: t, columns: columns, lines: make([][]rune, 1)}
}

func (s *screen) Write(p []byte) (int, error) {
	if !utf8.Valid(p) {
		s.t.Errorf("not UTF-8: %q", p)
	}
	text := string(p)
	for text != "" {
		switch {
		case text[0] == '\r': // to the row's first column
			s.at -= s.at % s.columns
			text = text[1:]
		case text[0] == '\n':
			s.line++
			s.at = 0
			if s.line == len(s.lines) {
				s.lines = append(s.lines, nil)
			}
			text = text[1:]
		case strings.HasPrefix(text, erase):
			s.lines[s.line] = s.lines[s.line][:s.at]
			s.lines = s.lines[:s.line+1]
			text = text[len(erase):]
		case strings.HasPrefix(text, "\x1b["):
			end := strings.IndexByte(text, 'm')
			if end < 0 || strings.Trim(text[2:end], "0123456789;") != "" {
				s.t.Fatalf("unknown control sequence: %q", text[:min(len(text), 12)])
			}
			text = text[end+1:]
		default:
			r, n := utf8.DecodeRuneInString(text)
			if r < ' ' || r == 0x7f {
				s.t.Fatalf("unknown control character %q", r)
			}
			s.lines[s.line] = append(s.lines[s.line][:s.at], append([]rune{r}, s.lines[s.line][min(s.at+1, len(s.lines[s.line])):]...)...)
			s.at++
			if s.at%s.columns == 0 {
				s.wrapped++
			}
			text = text[n:]
		}
	}
	return len(p), nil
}

// shown returns the rows of text that stand on the screen.
func (s *screen) shown() []string {
	var rows []string
	for _, line := range s.lines {
		for part := range slices.Chunk(line, s.columns) {
			rows = append(rows, strings.TrimRight(string(part), " "))
		}
		if len(line) == 0 {
			rows = append(rows, "")
		}
	}
	return rows
}

func TestScreen(t *testing.T) {
	s := newScreen(t, 10)
	fmt.Fprint(s, "one\ntwo three four\n\rfive\rsix"+erase+"\r")
	if got, want := strings.Join(s.shown(), "|"), "one|two three|four|six"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	s.columns = 2
	if got, want := strings.Join(s.shown()[:3], "|"), "on|e|tw"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	fmt.Fprint(s, "s"+erase)
	if got := s.shown(); got[len(got)-1] != "s" || s.wrapped != 1 {
		t.Errorf("%q, %d", got, s.wrapped)
	}
}
