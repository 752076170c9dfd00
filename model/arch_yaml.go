package model

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"

	"vggtrain/blocks"
	"vggtrain/internal/display"
	"vggtrain/internal/nearest"
	"vggtrain/internal/strictyaml"
)

// FileError is what is wrong with an architecture or settings file: File, Line and Column, from 1,
// and What, in one line.
type FileError = strictyaml.Error

// ParseArch reads an architecture file, see docs/arch.md. It refuses unknown and repeated keys,
// sizes out of bounds, and what such files do not need of YAML. A file without a name takes its
// own: my-net.yaml holds my-net. Errors: *FileError, with the name of file.
func ParseArch(file string, data []byte) (*Arch, error) {
	root, err := strictyaml.Parse(file, data)
	if err != nil {
		return nil, err
	}
	if root == nil {
		return nil, strictyaml.Errorf(file, &yaml.Node{}, "the file is empty; see the output of: vggtrain arch show vgg11-small")
	}
	return ReadArch(file, root)
}

// ReadArch is ParseArch for a mapping in a larger file.
func ReadArch(file string, root *yaml.Node) (*Arch, error) {
	r := &archReader{file: file}
	if root.Kind != yaml.MappingNode || len(root.Content) == 0 {
		return nil, strictyaml.Errorf(file, root, "no keys; see the output of: vggtrain arch show vgg11-small")
	}
	a := &Arch{Name: strings.TrimSuffix(filepath.Base(file), filepath.Ext(file))}
	keys := map[string]*yaml.Node{}
	for entry := range slices.Chunk(root.Content, 2) {
		key, value := entry[0], entry[1]
		keys[key.Value] = key
		switch key.Value {
		case "name":
			if a.Name = value.Value; !strictyaml.IsText(value) {
				r.wrong(value, "name is %s; give a word, in quotes if it looks like a number", strictyaml.Describe(value))
			}
			r.check(value, checkName(a.Name))
		case "blocks":
			a.Blocks = r.blocks(value)
		case "hidden":
			for _, item := range r.list(value, "hidden", "give a list of sizes, such as [4096, 4096], or [] for none", hiddenBound) {
				a.Hidden = append(a.Hidden, r.size(item, featureBound))
			}
		case "layers":
			a.Sequence = r.layers(value)
		case "dropout":
			r.number(value, real("dropout", &a.Dropout, probability, ""))
		default:
			r.unknown(key, "key", "", []string{"name", "blocks", "hidden", "layers", "dropout"})
		}
	}
	r.together(keys, root.Content[0])
	r.check(root.Content[0], checkName(a.Name))
	if r.err != nil {
		return nil, r.err
	}
	if keys["layers"] == nil {
		a = NewVGG(a.Name, a.Blocks, a.Hidden, a.Dropout)
	}
	return a, nil
}

// archReader reads the nodes of one file. What it returns makes sense if err is nil.
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
	layers, dropout := keys["layers"] != nil, keys["dropout"]
	switch {
	case !layers && keys["blocks"] == nil:
		r.wrong(start, "no blocks and no layers; add a list of [convolutions, channels], such as blocks: [[1, 16], [1, 32]], or a list of layers")
	case !layers:
	case keys["blocks"] != nil:
		r.wrong(keys["blocks"], "blocks beside layers; give one of them")
	case keys["hidden"] != nil:
		r.wrong(keys["hidden"], "hidden beside layers; give one of them")
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
	r.check(n, b.check(len(n.Content)))
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
			list = append(list, [2]int{r.size(pair[0], convBound), r.size(pair[1], channelBound)})
		}
	}
	return list
}

// layers reads a list whose items are words, such as relu, or words with what describes the layer,
// such as conv: {out: 96, kernel: 11}.
func (r *archReader) layers(n *yaml.Node) (list []blocks.Layer) {
	var state listState
	var word, value *yaml.Node
	for _, item := range r.list(n, "layers", "give a list, an item a layer, such as - relu", layerBound) {
		word, value = item, alone
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
		l := r.layer(word, value)
		if r.err != nil {
			return nil
		}
		r.check(word, state.next(l))
		list = append(list, l)
	}
	r.check(word, state.end())
	return list
}

// alone stands for the value of a word without one.
var alone = &yaml.Node{Kind: yaml.MappingNode}

// layer reads the layer that a word names.
func (r *archReader) layer(word, value *yaml.Node) blocks.Layer {
	k := kindNamed(word.Value)
	if k == nil {
		r.unknown(word, "layer", "", layerWords())
		return nil
	}
	list, made := k.describe(k.layer)
	switch {
	case k.open != nil && (k.openWord == "") == (value == alone) && strictyaml.Plain(value) == k.openWord:
		if k.openWord == "" {
			r.bare = word
		}
		return k.open
	case k.single && value == alone:
		r.wrong(word, "%s alone; %s", word.Value, k.give)
	case k.single && list[0].whole != nil && strings.IndexAny(strictyaml.Plain(value), "+-0123456789") != 0:
		r.wrong(value, "%s is %s; %s", word.Value, strictyaml.Describe(value), k.give)
	case k.single:
		r.number(value, list[0])
	case list != nil:
		r.numbers(word, value, list)
	case value != alone:
		r.wrong(word, "nothing describes %s; write it alone", word.Value)
	}
	return made()
}

// numbers reads the mapping that describes a layer.
func (r *archReader) numbers(word, value *yaml.Node, list []number) {
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
	given := map[string]bool{}
	for entry := range slices.Chunk(value.Content, 2) {
		key := entry[0]
		if at := slices.Index(keys, key.Value); at >= 0 {
			r.number(entry[1], list[at])
			given[key.Value] = true
		} else {
			r.unknown(key, "key", " of "+word.Value, keys)
		}
	}
	for _, n := range list {
		switch {
		case given[n.key]:
		case n.fallback == "":
			r.wrong(word, "%s without %s; %s", word.Value, n.key, give)
		default:
			r.check(word, n.parse(n.usual(list)))
		}
	}
}

// number reads a number.
func (r *archReader) number(at *yaml.Node, n number) {
	text := strictyaml.Plain(at)
	switch err := n.parse(text); {
	case err == nil:
		r.check(at, n.check())
	case n.whole == nil:
		r.wrong(at, "%s is %s; give a %s, such as %s", n.interval.what, strictyaml.Describe(at), n.interval.noun, formatReal(n.interval.such))
	case errors.Is(err, strconv.ErrRange):
		r.wrong(at, "%s %s; give %v", display.Cut(text, display.Short), n.bound.what, n.bound)
	default:
		r.wrong(at, "%s for the number of %s; give a whole number, %v", strictyaml.Describe(at), n.bound.what, n.bound)
	}
}

// size reads a whole number within b.
func (r *archReader) size(at *yaml.Node, b bound) (n int) {
	r.number(at, whole("", &n, b, ""))
	return n
}
