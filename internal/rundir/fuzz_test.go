package rundir

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"
	"unicode/utf8"

	"vggtrain/internal/memory/memorytest"
	"vggtrain/internal/record"
)

// FuzzSteps: whatever is in steps.jsonl and whatever step a run goes on after, what is kept is the
// longest beginning of good lines, the next line comes behind it, and the memory that is allocated
// on the way is at most 64 KiB and 128 bytes a byte of the lines that are looked at; of which no
// more than one line's is in use at a time.
func FuzzSteps(f *testing.F) {
	for _, file := range []string{
		"", "\n", "{}\n", stepLines(1, 3), stepLines(1, 3)[:100], stepLines(1, 2) + stepLines(2, 3),
		`{"epoch":1,"step":1,"loss":null,"lr":1e-7,"images":96,"seconds":12}` + "\r\n" + stepLines(3, 3),
		`{"epoch":1,"step":1e0}` + "\n", `{"step":1,"step":2,"epoch":1}` + "\n", "{\"epoch\":1,\"step\":1,\"\xff\":0}\n",
		strings.Repeat(" ", maxLine) + "\n", strings.Repeat("[", maxLine) + "\n", "\x00\x00\x00\n",
	} {
		f.Add([]byte(file), 2)
	}
	d, err := Create(f.TempDir())
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { d.Close() })
	f.Fuzz(func(t *testing.T, file []byte, done int) {
		if err := os.WriteFile(d.StepsFile(), file, 0o666); err != nil {
			t.Fatal(err)
		}
		want, wantKept, looked := goodLines(file, done)
		var s *Steps
		var kept Kept
		most := int64(64<<10 + 128*looked)
		used := memorytest.Allocated(most, func() {
			if s != nil {
				s.Close()
			}
			s, kept, err = d.Steps(done)
		})
		if err != nil {
			t.Fatal(err)
		}
		if used > most {
			t.Errorf("%d bytes allocated for %d, want at most %d", used, looked, most)
		}
		if kept != (Kept{wantKept, bytes.Count(want, []byte("\n"))}) || s.size != int64(len(want)) {
			t.Errorf("kept %d bytes, %v, want %d bytes until step %d", s.size, kept, len(want), wantKept)
		}
		if err := s.Write(record.Step{Epoch: 1, Step: kept.Last + 1}); err != nil {
			t.Error(err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		got := mustRead(t, d.StepsFile())
		if next, found := strings.CutPrefix(got, string(want)); !found || next != stepLines(kept.Last+1, kept.Last+1) {
			t.Errorf("the file is %q, want %q and a line", got, want)
		}
		if !utf8.ValidString(got) {
			t.Errorf("the file is not UTF-8: %q", got)
		}
	})
}

// goodLines is the plain way to find what is to be kept of a file that is in memory, and how many
// bytes have to be looked at for that.
func goodLines(file []byte, done int) (good []byte, last, looked int) {
	for rest := file; ; {
		line, after, whole := bytes.Cut(rest, []byte{'\n'})
		looked = len(file) - len(rest) + min(len(line)+1, maxLine)
		if !whole || len(line)+1 > maxLine || !utf8.Valid(line) {
			break
		}
		decoder := json.NewDecoder(bytes.NewReader(line))
		decoder.UseNumber()
		var record any
		if decoder.Decode(&record) != nil || decoder.More() || !json.Valid(line) {
			break
		}
		keys, _ := record.(map[string]any)
		epoch, step := wholeNumber(keys["epoch"]), wholeNumber(keys["step"])
		if epoch < 1 || step <= last || step > done {
			break
		}
		last, rest = step, after
		good = file[:len(file)-len(rest)]
	}
	return good, last, looked
}

// wholeNumber is 0 for all that is no whole number in digits alone.
func wholeNumber(x any) int {
	number, ok := x.(json.Number)
	if !ok || strings.ContainsAny(number.String(), ".eE") {
		return 0
	}
	n, err := number.Int64()
	if err != nil {
		return 0
	}
	return int(n)
}
