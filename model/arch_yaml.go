package model

import (
	"cmp"
	"errors"
	"fmt"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"

	"vggtrain/blocks"
	"vggtrain/internal/display"
	"vggtrain/internal/nearest"
	"vggtrain/internal/strictyaml"
)

// FileError is an error in an architecture or settings file: File, Line and Column, from 1, and What,
// in one line.
type FileError = strictyaml.Error

// ParseArch reads an architecture file, see docs/arch.md. It refuses unknown and repeated keys, sizes
// out of bounds, and the parts of YAML that strictyaml refuses. A network without a name is called
// after its file: my-net.yaml holds my-net. Errors: *FileError.
func ParseArch(file string, data []byte) (*Arch, error) {
	root, err := strictyaml.Parse(file, data)
	if err == nil && root == nil {
		err = strictyaml.Errorf(file, &yaml.Node{}, "the file is empty; see the output of: vggtrain arch show vgg11-small")
	}
	if err != nil {
		return nil, err
	}
	return ReadArch(file, root)
}

// ReadArch is like ParseArch, for a mapping in a larger file.
func ReadArch(file string, root *yaml.Node) (*Arch, error) {
	r := &archReader{file: file}
	if root.Kind != yaml.MappingNode || len(root.Content) == 0 {
		return nil, strictyaml.Errorf(file, root, "no keys; see the output of: vggtrain arch show vgg11-small")
	}
	a := &Arch{Name: strings.TrimSuffix(filepath.Base(file), filepath.Ext(file))}
	keys, name := map[string]*yaml.Node{}, root.Content[0]
	for entry := range slices.Chunk(root.Content, 2) {
		key, value := entry[0], entry[1]
		keys[key.Value] = key
		switch key.Value {
		case "name":
			if name, a.Name = value, value.Value; !strictyaml.IsText(value) {
				r.wrong(value, "name is %s; give a word, in quotes if it looks like a number", strictyaml.Describe(value))
			}
		case "blocks":
			a.Blocks = r.blocks(value)
		case "hidden":
			for _, item := range r.list(value, "hidden", "give a list of sizes, such as [4096, 4096], or [] for none", hiddenBound) {
				a.Hidden = append(a.Hidden, int(r.number(item, featureBound)))
			}
		case "layers":
			a.Sequence = r.layers(value)
		case "dropout":
			a.Dropout = r.number(value, probability)
		default:
			r.unknown(key, "key", "", []string{"name", "blocks", "hidden", "layers", "dropout"})
		}
	}
	r.check(name, checkName(a.Name))
	r.together(keys, root.Content[0])
	if r.err != nil {
		return nil, r.err
	}
	if keys["layers"] == nil {
		a = NewVGG(a.Name, a.Blocks, a.Hidden, a.Dropout)
	}
	return a, nil
}

// archReader reads the nodes of one file. Its results are valid only if err is nil.
type archReader struct {
	file string
	bare *yaml.Node // the last layer that takes the file's dropout
	err  error      // the first
}

// wrong notes what is wrong at a node.
func (r *archReader) wrong(at *yaml.Node, format string, args ...any) {
	if r.err == nil {
		r.err = strictyaml.Errorf(r.file, at, format, args...)
	}
}

// check notes an error at a node; nil is none.
func (r *archReader) check(at *yaml.Node, err error) {
	if err != nil {
		r.wrong(at, "%v", err)
	}
}

// unknown notes a word that is none of the known ones.
func (r *archReader) unknown(word *yaml.Node, what, of string, known []string) {
	hint := "the " + what + "s are " + strings.Join(known, ", ")
	if near := nearest.Name(word.Value, known); near != "" {
		hint = fmt.Sprintf("did you mean %q?", near)
	}
	r.wrong(word, "unknown %s %s%s; %s", what, display.Quote(word.Value), of, hint)
}

// together notes keys that do not go together.
func (r *archReader) together(keys map[string]*yaml.Node, start *yaml.Node) {
	layers, short, dropout := keys["layers"] != nil, cmp.Or(keys["blocks"], keys["hidden"]), keys["dropout"]
	switch {
	case !layers && keys["blocks"] == nil:
		r.wrong(start, "no blocks and no layers; add a list of [convolutions, channels], such as blocks: [[1, 16], [1, 32]], or a list of layers")
	case !layers:
	case short != nil:
		r.wrong(short, "%s beside layers; give one of them", short.Value)
	case dropout != nil && r.bare == nil:
		r.wrong(dropout, "no layer takes this dropout; add - dropout to the layers, or leave it out")
	case dropout == nil && r.bare != nil:
		r.wrong(r.bare, "dropout of what probability? Write - dropout: 0.5 here, or dropout: 0.5 for all of them after the layers")
	}
}

// list returns the items of a list whose length is within b. give says what else to write.
func (r *archReader) list(n *yaml.Node, what, give string, b bound) []*yaml.Node {
	if n.Kind != yaml.SequenceNode {
		r.wrong(n, "%s is %s; %s", what, strictyaml.Describe(n), give)
		return nil
	}
	r.check(n, b.size(len(n.Content)))
	return n.Content
}

func (r *archReader) blocks(n *yaml.Node) (list [][2]int) {
	const give = "give a list of [convolutions, channels], such as [[1, 16], [1, 32]]"
	for _, item := range r.list(n, "blocks", give, blockBound) {
		switch pair := item.Content; {
		case item.Kind != yaml.SequenceNode:
			r.wrong(item, "a block is %s; %s", strictyaml.Describe(item), give)
		case len(pair) != 2:
			r.wrong(item, "a block of %d numbers; %s", len(pair), give)
		default:
			list = append(list, [2]int{int(r.number(pair[0], convBound)), int(r.number(pair[1], channelBound))})
		}
	}
	return list
}

// layers reads a list whose items are words, such as relu, or words with what describes the layer,
// such as conv: {out: 96, kernel: 11}.
func (r *archReader) layers(n *yaml.Node) (list []blocks.Layer) {
	var words []*yaml.Node
	for _, item := range r.list(n, "layers", "give a list, an item a layer, such as - relu", layerBound) {
		word, value := item, alone
		switch entry := item.Content; {
		case strictyaml.IsText(item):
		case item.Kind != yaml.MappingNode || len(entry) == 0:
			r.wrong(item, "a layer is %s; the layers are %s", strictyaml.Describe(item), strings.Join(layerWords(), ", "))
		case len(entry) > 2:
			r.wrong(entry[2], "%s beside %s in one item; begin each layer with a dash, and indent what describes it",
				display.Quote(entry[2].Value), display.Quote(entry[0].Value))
		default:
			word, value = entry[0], entry[1]
		}
		list, words = append(list, r.layer(word, value)), append(words, word)
	}
	if r.err == nil {
		at, err := checkOrder(list)
		r.check(words[at], err)
	}
	return list
}

// alone stands for the value of a word without one.
var alone = &yaml.Node{Kind: yaml.MappingNode}

// layer reads the layer that a word names.
func (r *archReader) layer(word, value *yaml.Node) blocks.Layer {
	const give = "give its features, such as linear: 120, or linear: classes for the last layer"
	k := kindNamed(word.Value)
	if k == nil {
		r.unknown(word, "layer", "", layerWords())
		return nil
	}
	l := reflect.New(reflect.TypeOf(k.layer)).Elem()
	switch {
	case k.open != nil && (k.openWord == "") == (value == alone) && strictyaml.Plain(value) == k.openWord:
		if k.openWord == "" {
			r.bare = word
		}
		return k.open
	case k.openWord != "" && value == alone:
		r.wrong(word, "%s alone; %s", word.Value, give)
	case k.openWord != "" && value.Tag != "!!int" && value.Tag != "!!float":
		r.wrong(value, "%s is %s; %s", word.Value, strictyaml.Describe(value), give)
	case k.open != nil:
		set(k.numbers[0].of(l), r.number(value, k.numbers[0].bound))
	case k.numbers != nil:
		r.numbers(l, k.numbers, word, value)
	case value != alone:
		r.wrong(word, "nothing describes %s; write it alone", word.Value)
	}
	return l.Interface().(blocks.Layer)
}

// numbers reads the mapping that describes the layer l.
func (r *archReader) numbers(l reflect.Value, list []number, word, value *yaml.Node) {
	var keys, example []string
	for _, n := range list {
		keys = append(keys, n.key)
		if n.fallback == "" {
			example = append(example, n.key+": 3")
		}
	}
	give := fmt.Sprintf("write it such as %s: {%s}", word.Value, strings.Join(example, ", "))
	if value.Kind != yaml.MappingNode || len(value.Content) == 0 && value != alone {
		r.wrong(value, "%s is %s; %s", word.Value, strictyaml.Describe(value), give)
		return
	}
	given := map[string]*yaml.Node{}
	for entry := range slices.Chunk(value.Content, 2) {
		if given[entry[0].Value] = entry[1]; !slices.Contains(keys, entry[0].Value) {
			r.unknown(entry[0], "key", " of "+word.Value, keys)
		}
	}
	for _, n := range list {
		at := given[n.key]
		switch {
		case at == nil && n.fallback == "":
			r.wrong(word, "%s without %s; %s", word.Value, n.key, give)
			return
		case at == nil:
			at = &yaml.Node{Kind: yaml.ScalarNode, Value: n.usual(l)}
		}
		set(n.of(l), r.number(at, n.bound))
	}
}

// number reads a number within b.
func (r *archReader) number(at *yaml.Node, b bound) float64 {
	text := strictyaml.Plain(at)
	n, err := strconv.Atoi(text)
	x := float64(n)
	if b.noun != whole {
		x, err = strconv.ParseFloat(text, 64)
	}
	switch {
	case err == nil:
		r.check(at, b.check(x))
	case b.noun != whole:
		r.wrong(at, "%s is %s; give a %s, such as 0.5", b.what, strictyaml.Describe(at), b.noun)
	case errors.Is(err, strconv.ErrRange):
		r.wrong(at, "%s %s; give %v", display.Cut(text, display.Short), b.what, b)
	default:
		r.wrong(at, "%s for the number of %s; give a %s, %v", strictyaml.Describe(at), b.what, b.noun, b)
	}
	return x
}
