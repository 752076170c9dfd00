package tensorboard

import (
	"bytes"
	"os"
	"testing"

	"vggtrain/internal/memory/memorytest"
)

// FuzzKept reads what may stand in a run folder. Whatever it is, the part to keep lies within it and
// is kept whole when it is read again, and memory is bounded.
func FuzzKept(f *testing.F) {
	golden, err := os.ReadFile("testdata/golden.tfevents")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(golden)
	f.Add(golden[:len(golden)-7])
	f.Add(appendRecord(nil, []byte{0x2a, 0x03, 0x0a, 0x01, 0x0a}))
	f.Add(appendRecord(nil, nil))
	f.Fuzz(func(t *testing.T, data []byte) {
		keep := func(e Event) bool { return e.Step%2 == 0 || len(e.Tags) == 2 }
		var size int64
		var values bool
		var err error
		// The reader's buffer, and of two bytes of a tag without a name the place of a string in a slice that grows.
		bound := int64(128<<10 + 64*len(data))
		if got := memorytest.Allocated(bound, func() { size, values, err = kept(bytes.NewReader(data), keep) }); got > bound {
			t.Errorf("%d bytes allocated for %d, more than %d", got, len(data), bound)
		}
		if err != nil || size < 0 || size > int64(len(data)) {
			t.Fatalf("%d of %d bytes, %v", size, len(data), err)
		}
		again, valuesAgain, err := kept(bytes.NewReader(data[:size]), keep)
		if err != nil || again != size || valuesAgain != values {
			t.Errorf("%d of %d bytes, then %d, %v", size, len(data), again, err)
		}
		// The same bytes as an Event whose CRC is right.
		if len(data) <= maxEvent {
			record := appendRecord(nil, data)
			if size, _, err := kept(bytes.NewReader(record), keep); err != nil || size != 0 && size != int64(len(record)) {
				t.Errorf("%d of a record of %d bytes, %v", size, len(record), err)
			}
		}
	})
}
