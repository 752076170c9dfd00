package model

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const smallYAML = `name: vgg11-small
blocks: [[1, 16], [1, 32], [2, 64], [2, 128], [2, 128]]   # [convolutions, channels]
hidden: [4096, 4096]
dropout: 0.5
`

func TestParseArch(t *testing.T) {
	tests := []struct {
		file, text string
		want       *Arch
	}{
		{"x.yaml", smallYAML, vgg11Small},
		{"dir/my-net.yaml", "blocks:\n- [1, 8]\n-\n  - 2\n  - 9\n", NewVGG("my-net", [][2]int{{1, 8}, {2, 9}}, nil, 0)},
		{"x", "dropout: 0\nname: \"11\"\nhidden: []\nblocks: [[64, 8192]]", NewVGG("11", [][2]int{{64, 8192}}, nil, 0)},
		{"x", "\ufeffblocks: [[1, 8]]\r\nname: x\r\n", NewVGG("x", [][2]int{{1, 8}}, nil, 0)},
		{"x", "---\nname: 'a.b_c-d'\nblocks: [[1,\n 1]]\nhidden: [65536]\ndropout: 1e-3\n...\n",
			NewVGG("a.b_c-d", [][2]int{{1, 1}}, []int{65536}, 1e-3)},
	}
	for _, tt := range tests {
		got, err := ParseArch(tt.file, []byte(tt.text))
		if err != nil {
			t.Errorf("%q: %v", tt.text, err)
			continue
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%q (-want +got):\n%s", tt.text, diff)
		}
	}
}

func TestArchYAML(t *testing.T) {
	for _, a := range []*Arch{
		vgg11Small, vgg19,
		NewVGG("11", [][2]int{{1, 1}}, []int{}, 1e-7),
		NewVGG("true", [][2]int{{64, 8192}}, []int{1}, 0),
		NewVGG("No", [][2]int{{2, 3}}, []int{1}, 0.1+0.2),
	} {
		text, err := a.YAML()
		if err != nil {
			t.Error(err)
			continue
		}
		got, err := ParseArch("again.yaml", text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if len(got.Hidden) == 0 {
			got.Hidden = a.Hidden // nil and empty are the same
		}
		if diff := cmp.Diff(a, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", text, diff)
		}
	}
	if text, err := NewVGG("empty", nil, nil, 0).YAML(); err == nil {
		t.Errorf("YAML of an architecture without blocks: %s", text)
	}
}

func TestParseArchRefuses(t *testing.T) {
	tests := []struct{ text, want string }{
		{"", "a.yaml:1:1: the file is empty"},
		{"# only a comment\n", "a.yaml:1:1: the file is empty"},
		{"vgg11", "a.yaml:1:1: no keys"},
		{"[1, 2]", "a.yaml:1:1: no keys"},
		{"name: x", "a.yaml:1:1: no blocks and no layers; add"},
		{"name: x\nblock: [[1, 2]]", `a.yaml:2:1: unknown key "block"; did you mean "blocks"?`},
		{"nmae: x", `a.yaml:1:1: unknown key "nmae"; did you mean "name"?`},
		{"name: x\nbatch-norm: true", `a.yaml:2:1: unknown key "batch-norm"; the keys are name, blocks, hidden, layers, dropout`},
		{"blocks: [[1, 8]]\nblocks: [[1, 8]]", `a.yaml:2:1: mapping key "blocks" already defined`},
		{"blocks: 3", `a.yaml:1:9: blocks is "3"; give a list`},
		{"blocks:", "blocks is empty; give a list"},
		{"blocks: {a: 1}", "a.yaml:1:9: blocks is a mapping; give a list"},
		{"blocks: []", "a.yaml:1:9: 0 blocks; give 1 to 64"},
		{"blocks: [" + strings.Repeat("[1, 1], ", 65) + "]", "a.yaml:1:9: 65 blocks; give 1 to 64"},
		{"blocks: [1, 16]", `a.yaml:1:10: a block is "1"; give a list of [convolutions, channels]`},
		{"blocks: [[1, 16, 3]]", "a.yaml:1:10: a block of 3 numbers"},
		{"blocks: [[1 16]]", "a.yaml:1:10: a block of 1 numbers"},
		{"blocks:\n  - [1, 16]\n  - [0, 16]", "a.yaml:3:6: 0 convolutions in a block; give 1 to 64"},
		{"blocks: [[1, 16], [65, 16]]", "a.yaml:1:20: 65 convolutions in a block; give 1 to 64"},
		{"blocks: [[1,\n 0]]", "a.yaml:2:2: 0 channels; give 1 to 8192"},
		{"blocks: [[1, -1]]", "a.yaml:1:14: -1 channels; give 1 to 8192"},
		{"blocks: [[1, 8193]]", "a.yaml:1:14: 8193 channels; give 1 to 8192"},
		{"blocks: [[1, 99999999999999999999]]", "a.yaml:1:14: 99999999999999999999 channels; give 1 to 8192"},
		{"blocks: [[1, 1.5]]", `a.yaml:1:14: "1.5" for the number of channels; give a whole number, 1 to 8192`},
		{"blocks: [[1, \"8\"]]", `a.yaml:1:14: "8" for the number of channels; give a whole number`},
		{"blocks: [[1, 0x10]]", `a.yaml:1:14: "0x10" for the number of channels`},
		{"blocks: [[1, [2]]]", "a.yaml:1:14: a list for the number of channels"},
		{"blocks: [[1, 8]]\nhidden: 4096", `a.yaml:2:9: hidden is "4096"; give a list of sizes`},
		{"blocks: [[1, 8]]\nhidden: [4096, 0]", "a.yaml:2:16: 0 features in a hidden layer; give 1 to 65536"},
		{"blocks: [[1, 8]]\nhidden: [" + strings.Repeat("1, ", 17) + "]", "a.yaml:2:9: 17 hidden layers; give 0 to 16"},
		{"blocks: [[1, 8]]\ndropout: 1", "a.yaml:2:10: dropout 1; give a probability"},
		{"blocks: [[1, 8]]\ndropout: -0.1", "a.yaml:2:10: dropout -0.1; give a probability"},
		{"blocks: [[1, 8]]\ndropout: .nan", `a.yaml:2:10: dropout is ".nan"; give a probability`},
		{"blocks: [[1, 8]]\ndropout: NaN", "a.yaml:2:10: dropout"},
		{"blocks: [[1, 8]]\ndropout: half", `a.yaml:2:10: dropout is "half"; give a probability, such as 0.5`},
		{"name: 11\nblocks: [[1, 8]]", `a.yaml:1:7: name is "11"; give a word, in quotes`},
		{"name: ../../etc\nblocks: [[1, 8]]", `a.yaml:1:7: name "../../etc"; start with a letter or digit`},
		{"name: " + strings.Repeat("x", 65), "a.yaml:1:7: a name of 65 bytes; use at most 64"},
		{"blocks: &b [[1, 8]]\nhidden: *b", "a.yaml:1:9: &: write the value out, without anchors"},
		{"<<: {name: x}", "a.yaml:1:1: <<: write the value out"},
		{"blocks: !!seq [[1, 8]]", "a.yaml:1:9: !!seq: write the value out"},
		{"blocks: [[1, 8]]\n---\nname: x", "a.yaml:2:1: a second document; give one"},
		{"blocks: [[1, 8]", "a.yaml:1:9: did not find expected ',' or ']' while parsing a flow sequence that begins at 1:9; write valid YAML"},
		{"\tname: x", "a.yaml:1:"},
		{"\x89PNG\r\n", "a.yaml:1:1: not UTF-8 text"},
		{strings.Repeat("[", 1<<20), "a.yaml:1:1: more than 32768 bytes"},
		{strings.Repeat("[", 100), "a.yaml:1:9: more than 8 levels"},
		{"blocks: |\n  [[1, 8]]", "a.yaml:1:9: a block of text: write the value on its line"},
		{"blocks: [[1, " + strings.Repeat("9", 4000) + "]]", "a.yaml:1:14: 999999999999999999999999999999999999999999999999999999999999… channels; give 1 to 8192"},
		{strings.Repeat("x", 4000) + ": 1", `a.yaml:1:1: unknown key "xxx`},
		{"\"\\e[31m\": 1", `a.yaml:1:1: unknown key "\x1b[31m"`},
	}
	for _, tt := range tests {
		text := tt.text[:min(60, len(tt.text))]
		a, err := ParseArch("a.yaml", []byte(tt.text))
		if err == nil {
			t.Errorf("%q gives %+v, want an error with %q", text, a, tt.want)
			continue
		}
		if !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "\n") || len(err.Error()) > 300 {
			t.Errorf("%q: error %q, want one line with %q", text, err, tt.want)
		}
		var place *FileError
		if !errors.As(err, &place) {
			t.Errorf("%q: error %T carries no place", text, err)
		}
	}
}

func TestParseInput(t *testing.T) {
	got, err := ParseInput("2x1x224x96")
	if want := (Input{2, 1, 224, 96}); err != nil || got != want {
		t.Errorf("ParseInput = %+v, %v; want %+v", got, err, want)
	}
	if s := got.String(); s != "2x1x224x96" {
		t.Errorf("String() = %q", s)
	}
	for text, want := range map[string]string{
		"":                                  `input ""; give images x channels x height x width`,
		"224":                               "such as 1x1x224x224",
		"1x1x224":                           "such as 1x1x224x224",
		"1x1x224x224x1":                     "such as 1x1x224x224",
		"1x1x224xabc":                       `"abc" is not a number of pixels of width`,
		"1x1x224x":                          `"" is not a number of pixels of width`,
		"1x1x224x-5":                        `"-5" is not a number`,
		"1x1x 224x224":                      `" 224" is not a number of pixels of height`,
		"1x1x224x+224":                      `"+224" is not a number`,
		"1x1x2e2x224":                       `"2e2" is not a number`,
		"0x1x224x224":                       "0 images; give 1 to 65536",
		"1x0x224x224":                       "0 channels; give 1 to 4096",
		"1x1x0x224":                         "0 pixels of height; give 1 to 16384",
		"1x1x224x16385":                     "16385 pixels of width; give 1 to 16384",
		"1x1x224x99999999999999999999":      "is not a number of pixels of width",
		"1x1x1\n1x1":                        `"1\n1" is not a number of pixels of height`,
		strings.Repeat("é", 100):            strings.Repeat("é", 60) + "…",
		strings.Repeat("1x", 1e6):           "such as 1x1x224x224",
		"1x1x1x" + strings.Repeat("9", 1e6): `999…" is not a number of pixels of width`,
	} {
		if in, err := ParseInput(text); err == nil || !strings.Contains(err.Error(), want) || len(err.Error()) > 300 {
			t.Errorf("ParseInput(%q) = %+v, %v; want an error with %q", text, in, err, want)
		}
	}
}
