package model

import (
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"

	"vggtrain/blocks"
	"vggtrain/internal/display"
)

// layers reads a list of layers. An item is a word, or a word with what describes the layer:
//
//	layers:
//	  - conv: {out: 96, kernel: 11, stride: 4, padding: 1}   # stride 1, padding 0 unless given
//	  - relu
//	  - maxpool: {kernel: 3, stride: 2}                      # the kernel's stride unless given
//	  - flatten
//	  - linear: 4096
//	  - sigmoid
//	  - dropout                                              # the file's, or its own: dropout: 0.2
//	  - linear: classes
func (r *archReader) layers(n ast.Node, list *[]blocks.Layer) error {
	seq, ok := n.(*ast.SequenceNode)
	if !ok {
		return r.errorf(n.GetToken(), "layers is %s; give a list, an item a layer, such as - relu", kindOf(n))
	}
	if err := layerBound.check(len(seq.Values)); err != nil {
		return r.errorf(n.GetToken(), "%w", err)
	}
	var state listState
	var last *token.Token
	for _, item := range seq.Values {
		word, value, err := r.item(item)
		if err != nil {
			return err
		}
		l, err := r.layer(word, value)
		if err != nil {
			return err
		}
		if err := state.next(l); err != nil {
			return r.errorf(word, "%w", err)
		}
		*list, last = append(*list, l), word
	}
	if err := state.end(); err != nil {
		return r.errorf(last, "%w", err)
	}
	return nil
}

// item returns an item's word and what describes the layer, nil for a word alone.
func (r *archReader) item(item ast.Node) (word *token.Token, value ast.Node, err error) {
	if s, ok := item.(*ast.StringNode); ok {
		return s.GetToken(), nil, nil
	}
	entries := entriesOf(item)
	switch len(entries) {
	case 1:
		return entries[0].Key.GetToken(), entries[0].Value, nil
	case 0:
		return nil, nil, r.errorf(item.GetToken(), "a layer is %s; the layers are %s", kindOf(item), strings.Join(layerWords(), ", "))
	}
	second := entries[1].Key.GetToken()
	return nil, nil, r.errorf(second, "%s beside %s in one item; begin each layer with a dash, and indent what describes it",
		display.Quote(second.Value), display.Quote(entries[0].Key.GetToken().Value))
}

// entriesOf returns the entries of a mapping, nil for any other node.
func entriesOf(n ast.Node) []*ast.MappingValueNode {
	switch n := n.(type) {
	case *ast.MappingNode:
		return n.Values
	case *ast.MappingValueNode:
		return []*ast.MappingValueNode{n}
	}
	return nil
}

// layer reads the layer that a word names; value is nil for a word alone.
func (r *archReader) layer(word *token.Token, value ast.Node) (blocks.Layer, error) {
	k := kindNamed(word.Value)
	if k == nil {
		return nil, r.errorf(word, "unknown layer %s; %s", display.Quote(word.Value), suggest(word.Value, "layers", layerWords()))
	}
	if k.open != nil && value == nil && k.openWord == "" {
		r.bare = word
		return k.open, nil
	}
	if k.open != nil && value != nil && k.openWord != "" && plain(value) == k.openWord {
		return k.open, nil
	}
	list, made := k.describe(nil)
	var err error
	switch {
	case k.single:
		err = r.single(k, word, value, list[0])
	case list != nil:
		err = r.numbers(word, value, list)
	case value != nil:
		err = r.errorf(word, "nothing describes %s; write it alone", word.Value)
	}
	return made(), err
}

// single reads the number that stands behind a word.
func (r *archReader) single(k *kind, word *token.Token, value ast.Node, n number) error {
	if value == nil {
		return r.errorf(word, "%s alone; %s", word.Value, k.give)
	}
	if text := plain(value); n.whole != nil && (text == "" || !strings.ContainsAny(text[:1], "+-0123456789")) {
		return r.errorf(value.GetToken(), "%s is %s; %s", word.Value, kindOf(value), k.give)
	}
	return r.number(value, n)
}

// number reads a number of a layer.
func (r *archReader) number(value ast.Node, n number) (err error) {
	if n.whole != nil {
		*n.whole, err = r.size(value, n.bound)
	} else {
		err = r.real(value, n.interval, n.real)
	}
	return err
}

// numbers reads the mapping that describes a layer; value is nil for a word alone.
func (r *archReader) numbers(word *token.Token, value ast.Node, list []number) error {
	entries := entriesOf(value)
	if value != nil && entries == nil {
		return r.errorf(value.GetToken(), "%s is %s; %s", word.Value, kindOf(value), example(word.Value, list))
	}
	given := make([]bool, len(list))
	for _, entry := range entries {
		key := entry.Key.GetToken()
		at := slices.IndexFunc(list, func(n number) bool { return n.key == key.Value })
		if at < 0 {
			var keys []string
			for _, n := range list {
				keys = append(keys, n.key)
			}
			return r.errorf(key, "unknown key %s of %s; %s", display.Quote(key.Value), word.Value, suggest(key.Value, "keys", keys))
		}
		if err := r.number(entry.Value, list[at]); err != nil {
			return err
		}
		given[at] = true
	}
	for i, n := range list {
		switch {
		case given[i]:
		case n.fallback == nil:
			return r.errorf(word, "%s without %s; %s", word.Value, n.key, example(word.Value, list))
		default:
			n.reset()
		}
	}
	return nil
}

// example says how to describe a layer.
func example(word string, list []number) string {
	var keys []string
	for _, n := range list {
		if n.fallback == nil {
			keys = append(keys, n.key+": 3")
		}
	}
	return "write it such as " + word + ": {" + strings.Join(keys, ", ") + "}"
}
