package csvfile

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
)

func read(r io.Reader) (string, error) {
	f, err := NewReader(r)
	if err != nil {
		return "", err
	}
	all := fmt.Sprint(f.Header)
	for {
		row, line, err := f.Next()
		if err == io.EOF {
			return all, nil
		}
		if err != nil {
			return "", err
		}
		all += fmt.Sprintf("%d%v", line, row)
	}
}

func TestReader(t *testing.T) {
	for text, want := range map[string]string{
		"a,b\n1,2\n3,4":                     "[a b]2[1 2]3[3 4]",
		"\xef\xbb\xbfa,b\r\n1,2\r\n\r\n3,4": "[a b]2[1 2]4[3 4]",
		"a,b\n\"1\n1\",2\n3,4\n":            "[a b]2[1\n1 2]4[3 4]",
		"a":                                 "[a]",
		"":                                  "the file is empty",
		"\xef\xbb\xbf":                      "the file is empty",
		"a,b\n1":                            "line 2: another number of columns than in line 1",
		"a,b\n1,x\"y":                       `line 2, column 4: no sound CSV (bare " in non-quoted-field)`,
	} {
		got, err := read(strings.NewReader(text))
		if err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}

// endless is a quote that nobody closes.
type endless struct{ read int }

func (e *endless) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = 'x'
	}
	if e.read == 0 {
		copy(b, "a,b\n1,\"")
	}
	e.read += len(b)
	return len(b), nil
}

func TestReaderBound(t *testing.T) {
	e := &endless{}
	_, err := read(e)
	if err == nil || err.Error() != "cannot be read: a row of more than 16,777,216 bytes" || e.read > 2*MaxRow {
		t.Errorf("error %v after %d bytes", err, e.read)
	}
	if _, err := read(strings.NewReader(strings.Repeat(",", 2*maxColumns))); err == nil || err.Error() != "cannot be read: a row of more than 1,310,720 columns" {
		t.Errorf("error %v", err)
	}
	broken := errors.New("input/output error")
	if _, err := read(io.MultiReader(strings.NewReader("a\n1\n"), failing{broken})); !errors.Is(err, broken) {
		t.Errorf("error %v", err)
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }
