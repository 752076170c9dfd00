package configs

import (
	"fmt"
	"strings"
	"testing"

	"vggtrain/internal/display"
	"vggtrain/internal/memory/memorytest"
)

// What a recipe of n bytes may allocate to be read, in bytes.
const readBase, readPerByte = 1 << 20, 2 << 10

// Whatever the file, ParseRecipe returns settings that survive YAML, or one line.
func FuzzParseRecipe(f *testing.F) {
	f.Add([]byte(everything))
	for _, name := range RecipeNames() {
		text, err := RecipeText(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	for _, seed := range []string{
		"\ufeffarch: {name: x}\r\nlr: 1e-3\r\n", "arch:\n- a\n", "arch: &a {b: *a}\n", "{lr: 1, arch: x}", "data: \"\\u2028\\x00\"\n", "---\n---\nlr: 1\n",
		"max-time: 1h1ns\nearly-stop: off\ncheckpoint-every: epoch\n", "normalize:\n  - 0.1\n  - 1\n", "augment: [[flip]]\n", "lr: 0x1p-3\n", "seed: 0b1\n", "? lr\n: 1",
		"data: |+\n x\n\n\n\n", "data: 'a''b'\nlr: .5\n...\n", "<<: {lr: 1}\n", "shuffle: !!bool true\n", "\"l\\x72\": 1\n", "limit-train: 1_000\n", "val: ~\n", "init: a\n  b\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var r *Recipe
		var err error
		bound := int64(readBase + readPerByte*len(data))
		if got := memorytest.Allocated(bound, func() { r, err = ParseRecipe("x", data) }); got > bound {
			t.Errorf("%d bytes take %d bytes to read, more than %d", len(data), got, bound)
		}
		if err != nil {
			checkLine(t, err)
			return
		}
		if len(r.Arch.Text) > 2*len(data) {
			t.Errorf("an architecture of %d bytes in %d", len(r.Arch.Text), len(data))
		}
		first := r.YAML()
		again, err := ParseRecipe("x", first)
		if err != nil {
			t.Fatal(fmt.Errorf("%w\n%q\nwas %q", err, first, data))
		}
		if changed := append(again.Changed(r), r.Changed(again)...); changed != nil || string(again.YAML()) != string(first) {
			t.Fatalf("%q became %q: %+v", first, again.YAML(), changed)
		}
	})
}

// checkLine checks that an error is one short line that a terminal can show.
func checkLine(t *testing.T, err error) {
	t.Helper()
	text := err.Error()
	if !strings.HasPrefix(text, "x:") || len(text) > 1000 || !display.Printable(text) {
		t.Errorf("not one short line of text: %q", text)
	}
}
