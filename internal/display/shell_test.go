package display

import "testing"

func TestShellWord(t *testing.T) {
	for word, want := range map[string]string{"runs/a-1.bin": "runs/a-1.bin", "": "''", "it's": `'it'\''s'`, "$HOME": "'$HOME'", "größe": "'größe'",
		"q\x1b[31mRED": `$'q\033[31mRED'`, "a\nb\\'ü": `$'a\012b\\\'ü'`, "\xffé\u202e": `$'\377é\342\200\256'`, "\ufffd": "'\ufffd'"} {
		if got := ShellWord(word); got != want {
			t.Errorf("%q: %s, want %s", word, got, want)
		}
	}
}
