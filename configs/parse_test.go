package configs

import (
	"strings"
	"testing"
)

func TestParseErrors(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"unknown key", "lr: 0.1\nbatchsize: 3\n", `my.yaml:2:1: unknown setting "batchsize": did you mean batch-size?`},
		{"later key", "freeze: features\n", `my.yaml:1:1: unknown setting "freeze": there are arch, `},
		{"duplicate", "lr: 0.1\nlr: 0.2\n", `my.yaml:2:1: mapping key "lr" already defined at [1:1]`},
		{"out of range", "# c\n\nlr:   -1\n", "my.yaml:3:7: lr: must be a number above 0, at most 1000, not -1"},
		{"fraction", "epochs: 10.0\n", "my.yaml:1:9: epochs: must be a whole number from 1 to 10000, not 10.0"},
		{"hexadecimal", "epochs: 0x10\n", "my.yaml:1:9: epochs: must be a whole number"},
		{"quoted number", "lr: \"0.1\"\n", `my.yaml:1:5: lr: must stand without quotes, not "0.1"`},
		{"quoted bool", "shuffle: 'true'\n", "my.yaml:1:10: shuffle: must stand without quotes"},
		{"nan", "lr: .nan\n", "my.yaml:1:5: lr: must be a number"},
		{"infinity", "clip-norm: .inf\n", "my.yaml:1:12: clip-norm: must be a number"},
		{"yes", "shuffle: yes\n", "my.yaml:1:10: shuffle: must be true or false, not yes"},
		{"null", "lr:\nmomentum: 0\n", "lr: has no value: give X, or leave the line out"},
		{"tilde", "lr: ~\n", "lr: has no value"},
		{"list for a number", "lr: [0.1]\n", "my.yaml:1:5: lr: must be one value, not a list"},
		{"mapping for a number", "lr: {a: 1}\n", "lr: must be one value, not a mapping"},
		{"mapping in a list", "normalize: [{a: 1}, 2]\n", "normalize: must be one value, not a mapping"},
		{"block text", "data: |\n  abc\n", "my.yaml:1:7: a block of text: write the value on its line"},
		{"anchor", "lr: &a 0.1\nmomentum: *a\n", "my.yaml:1:5: &: write the value out"},
		{"alias", "lr: *a\n", "my.yaml:1:5: "},
		{"tag", "lr: !!float 1\n", "my.yaml:1:5: !!float: write the value out"},
		{"merge", "<<: {lr: 1}\n", "my.yaml:1:1: <<: write the value out"},
		{"directive", "%YAML 1.2\n---\nlr: 1\n", "my.yaml:1:1: %: write the value out"},
		{"complex key", "? lr\n: 1\n", "my.yaml:1:1: ?: write the value out"},
		{"list", "- lr\n", "my.yaml:1:1: settings expected"},
		{"text", "Dear reader\n", "my.yaml:1:1: settings expected"},
		{"two documents", "lr: 1\n---\nlr: 2\n", "my.yaml:2:1: a second document; give one"},
		{"bad indent", "arch:\n  name: x\n hidden: []\n", "my.yaml:3:2: did not find expected key while parsing a block mapping"},
		{"tab", "\tlr: 1\n", "my.yaml:1:1: a tab, or a sign that begins no value; indent with spaces"},
		{"open list", "normalize: [0.1\nlr: 1\n", "my.yaml:2:3: did not find expected ',' or ']' while parsing a flow sequence that begins at 1:12"},
		{"outdented architecture", "arch:\n 1: \n0 \n", "my.yaml:3:1: could not find expected ':'"},
		{"outdented in an indented recipe", "  arch:\n   1: \n  0 \n", "my.yaml:3:3: could not find expected ':'"},
		{"outdented value", "arch:\n  0: \n 0 \n", "my.yaml:3:2: did not find expected key while parsing a block mapping"},
		{"outdented value of Windows", "arch:\r\n  0: \r\n 0 \r\n", "my.yaml:3:2: did not find expected key while parsing a block mapping"},
		{"bad architecture", "lr: 1\narch: # mine\n  name: x\n  blokcs: []\n", `my.yaml:4:3: unknown key "blokcs"; did you mean "blocks"?`},
		{"bad architecture on its line", "arch: {blocks: [[é]]}\n", "my.yaml:1:17: a block of 1 numbers"},
		{"empty architecture", "arch:\n", "arch: has no value: give NAME|FILE.yaml"},
		{"binary", "\xff\xfe\x00", "my.yaml:1:1: not UTF-8 text"},
		{"long key", strings.Repeat("x", 4000) + ": 1\n", `my.yaml:1:1: unknown setting "xxx`},
		{"long duplicate", strings.Repeat(strings.Repeat("x", 4000)+": 1\n", 2), `my.yaml:2:1: mapping key "xxx`},
		{"escape in a key", "\"\\e[31m\": 1\n", `my.yaml:1:1: unknown setting "\x1b[31m"`},
		{"escape in a duplicate", strings.Repeat("\"\\e[31m\\L\": 1\n", 2), `my.yaml:2:1: mapping key "\x1b[31m\u2028"`},
		{"huge number", "seed: " + strings.Repeat("9", 4000) + "\n", "my.yaml:1:7: seed: must be a whole number from 0 to 2⁶⁴-1, not 999"},
		{"huge exponent", "lr: 1e999999999\n", "my.yaml:1:5: lr: must be a number"},
		{"huge hexadecimal", "resize: 0x" + strings.Repeat("f", 4000) + "\n", "my.yaml:1:9: resize: must be a whole number"},
		{"long value", "schedule: " + strings.Repeat("x", 4000), "xxx…"},
		{"escaped control", "data: \"a\\nb\"\n", `data: must be one line of plain text, not "a\nb"`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r, err := ParseRecipe("my.yaml", []byte(test.text))
			if err == nil {
				t.Fatalf("no error, settings:\n%s", r.YAML())
			}
			if !strings.HasPrefix(err.Error(), "my.yaml:") || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("\n got %q\nwant %q", err, test.want)
			}
			if len(err.Error()) > 600 {
				t.Errorf("an error of %d bytes", len(err.Error()))
			}
		})
	}
}

func TestParseForms(t *testing.T) {
	tests := []struct{ name, text, key, want string }{
		{"nothing", "", "lr", "0"},
		{"only a comment", "# nothing\n", "lr", "0"},
		{"only a start", "---\n", "lr", "0"},
		{"exponent", "lr: 1e-3\n", "lr", "0.001"},
		{"flow", "{lr: 0.5, epochs: 3}\n", "epochs", "3"},
		{"windows", "lr: 0.5\r\nepochs: 3\r\n", "epochs", "3"},
		{"no newline", "epochs: 3", "epochs", "3"},
		{"quoted word", "schedule: 'cosine'\n", "schedule", "cosine"},
		{"quoted key", "\"epochs\": 3\n", "epochs", "3"},
		{"list of augmentations", "augment: [crop, flip]\n", "augment", "flip,crop"},
		{"block list", "augment:\n  - crop\n  - flip\n", "augment", "flip,crop"},
		{"none", "normalize: none # as it is\n", "normalize", "none"},
		{"values", "normalize: [0.2860, 0.3530]\n", "normalize", "[0.286, 0.353]"},
		{"digits as a folder", "data: 2024\n", "data", "2024"},
		{"quoted off", "max-steps: \"off\"\n", "max-steps", "off"},
		{"time", "max-time: 90m\n", "max-time", "1h30m"},
		{"quoted time", "max-time: \"90m\"\n", "max-time", "1h30m"},
		{"byte order mark", "\ufeffepochs: 3\n", "epochs", "3"},
		{"start and end", "---\nepochs: 3\n...\n", "epochs", "3"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r, err := ParseRecipe("my.yaml", []byte(test.text))
			if err != nil {
				t.Fatal(err)
			}
			if got := r.Text(test.key); got != test.want {
				t.Errorf("%s is %q, want %q", test.key, got, test.want)
			}
		})
	}
}

// An architecture may be spelled out in all of YAML's forms, and is kept in one.
func TestSpelledOut(t *testing.T) {
	const want = "arch:\n  name: tiny\n  blocks: [[1, 8], [2, 16]]\n  hidden: [32]\n  dropout: 0.25\n"
	const line = "blocks: [[1, 8], [2, 16]], hidden: [32], dropout: 0.25"
	for name, text := range map[string]string{
		"as it is kept":    want,
		"in the middle":    "lr: 1\narch:\n  name: tiny # c\n\n  hidden: [\n    32]\n  dropout: 25e-2\n  blocks:\n  - [1, 8]\n  - - 2\n    - 16\n# after\nepochs: 3\n",
		"indented recipe":  "  lr: 1\n  arch:\n   name: tiny\n   blocks: [[1, 8], [2, 16]]\n   hidden: [32]\n   dropout: 0.25\n# c\n",
		"on its line":      "arch: {name: tiny, " + line + "} # c\nlr: 1\n",
		"on several lines": "arch: {name: tiny,\n" + line + "}\n",
		"all on one line":  "{arch: {name: tiny, " + line + "}, lr: 1}\n",
		"quoted key":       "\"arch\" :\n  name: 'tiny'\n  blocks: [[1, 8], [2, 16]]\n  hidden: [32]\n  dropout: 0.25\n",
		"before the end":   want + "...\n",
		"byte order mark":  "\ufeff" + want,
		"windows":          strings.ReplaceAll(want, "\n", "\r\n"),
		"file's name":      "arch: {" + line + "}",
	} {
		r, err := ParseRecipe("dir/tiny.yaml", []byte(text))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got, _, _ := strings.Cut(string(r.YAML()), "lr:"); strings.TrimSuffix(got, "epochs: 3\n") != want || r.Arch.File != "dir/tiny.yaml" || r.Text("arch") != "dir/tiny.yaml" {
			t.Errorf("%s: %q of %s", name, got, r.Arch.File)
		}
	}
}

func TestNormalizeOfThreeChannels(t *testing.T) {
	colour := NormalizeBy([]float64{0.5, 0.25, 0}, []float64{0.5, 0.25, 1})
	for text, want := range map[string]Normalize{
		"normalize: [[0.5, 0.25, 0], [.5, 0.25, 1]]": colour,
		"normalize: imagenet":                        imagenet,
		"normalize: [0.5, 0.25]":                     NormalizeBy([]float64{0.5}, []float64{0.25}),
	} {
		r, err := ParseRecipe("x.yaml", []byte(text))
		if err != nil || r.Normalize != want {
			t.Errorf("%s: %v, %v; want %v", text, r.Normalize, err, want)
			continue
		}
		again, err := ParseRecipe("x.yaml", r.YAML())
		if err != nil || again.Normalize != want {
			t.Errorf("%s: written as %s, read as %v, %v", text, r.YAML(), again.Normalize, err)
		}
	}
	for _, text := range []string{"[[0.5, 0.5], [0.5, 0.5]]", "[[0, 0, 0], [1, 1]]", "[[0, 0, 0], [1, 1, 0]]", "[[0, 0, 0], [1, 1, 1], [1, 1, 1]]",
		"[0.5, 0.5, 0.5]", "[[[0, 0, 0], [1, 1, 1]]]", "[0, 0, 0], [1, 1, 1]", "[[0, 0, nan], [1, 1, 1]]", "imagenett"} {
		if err := new(Recipe).Set("normalize", text, FromFlag); err == nil {
			t.Errorf("%s: taken", text)
		}
	}
}
