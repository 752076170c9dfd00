package model

import (
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"

	"vggtrain/internal/display"
	"vggtrain/internal/strictyaml"
)

// FileError is what is wrong at one place of an architecture file.
type FileError struct {
	File         string
	Line, Column int // from 1
	Err          error
}

func (e *FileError) Error() string {
	return fmt.Sprintf("%s:%d:%d: %v", e.File, e.Line, e.Column, e.Err)
}

func (e *FileError) Unwrap() error { return e.Err }

var archKeys = []string{"name", "blocks", "hidden", "layers", "dropout"}

// ParseArch reads an architecture file strictly: every key known, every size in bounds, nothing
// of YAML that strictyaml does not take. file names it in errors, which are *FileError. A file without a
// name takes its own: my-net.yaml holds my-net. Without hidden layers or dropout there are none.
func ParseArch(file string, data []byte) (*Arch, error) {
	r := &archReader{file: file}
	root, err := r.root(data)
	if err != nil {
		return nil, err
	}
	a := &Arch{Name: strings.TrimSuffix(filepath.Base(file), filepath.Ext(file))}
	keys := map[string]*token.Token{}
	for _, entry := range root.Values {
		key := entry.Key.GetToken()
		if err := r.entry(a, key, entry.Value); err != nil {
			return nil, err
		}
		keys[key.Value] = key
	}
	start := root.Values[0].Key.GetToken()
	if err := r.together(keys, start); err != nil {
		return nil, err
	}
	if keys["layers"] == nil {
		a = NewVGG(a.Name, a.Blocks, a.Hidden, a.Dropout)
	}
	if err := checkName(a.Name); err != nil {
		return nil, r.errorf(start, "%w", err)
	}
	return a, nil
}

// entry reads what stands under one key.
func (r *archReader) entry(a *Arch, key *token.Token, value ast.Node) error {
	switch key.Value {
	case "name":
		return r.name(value, &a.Name)
	case "blocks":
		return r.blocks(value, &a.Blocks)
	case "hidden":
		return r.hidden(value, &a.Hidden)
	case "layers":
		return r.layers(value, &a.Sequence)
	case "dropout":
		return r.real(value, probability, &a.Dropout)
	}
	return r.errorf(key, "unknown key %s; %s", display.Quote(key.Value), suggest(key.Value, "keys", archKeys))
}

// together reports keys that do not go together, by where they stand.
func (r *archReader) together(keys map[string]*token.Token, start *token.Token) error {
	if keys["layers"] == nil {
		if keys["blocks"] == nil {
			return r.errorf(start, "no blocks and no layers; add a list of [convolutions, channels], such as blocks: [[1, 16], [1, 32]], or a list of layers")
		}
		return nil
	}
	for _, key := range []string{"blocks", "hidden"} {
		if keys[key] != nil {
			return r.errorf(keys[key], "%s beside layers; give one of them", key)
		}
	}
	switch {
	case keys["dropout"] != nil && r.bare == nil:
		return r.errorf(keys["dropout"], "no layer takes this dropout; add - dropout to the layers, or leave it out")
	case keys["dropout"] == nil && r.bare != nil:
		return r.errorf(r.bare, "dropout of what probability? Write - dropout: 0.5 here, or dropout: 0.5 for all of them after the layers")
	}
	return nil
}

// archReader reads the nodes of one file.
type archReader struct {
	file string
	bare *token.Token // a dropout among the layers without a number
}

func (r *archReader) errorf(at *token.Token, format string, args ...any) error {
	e := &FileError{File: r.file, Line: 1, Column: 1, Err: fmt.Errorf(format, args...)}
	if at != nil && at.Position != nil {
		e.Line, e.Column = max(1, at.Position.Line), max(1, at.Position.Column)
	}
	return e
}

// root parses data and returns its one mapping, which has at least one entry.
func (r *archReader) root(data []byte) (*ast.MappingNode, error) {
	doc, err := strictyaml.Parse(data)
	var at *strictyaml.Error
	switch {
	case errors.As(err, &at):
		return nil, &FileError{File: r.file, Line: max(1, at.Line), Column: max(1, at.Column), Err: errors.New(at.What)}
	case err != nil:
		return nil, r.errorf(nil, "%w", err)
	case doc.Body == nil:
		return nil, r.errorf(nil, "the file is empty; see the output of: vggtrain arch show vgg11-small")
	}
	root, ok := doc.Body.(*ast.MappingNode)
	if !ok || len(root.Values) == 0 {
		return nil, r.errorf(doc.Body.GetToken(), "no keys; see the output of: vggtrain arch show vgg11-small")
	}
	return root, nil
}

func (r *archReader) name(n ast.Node, name *string) error {
	s, ok := n.(*ast.StringNode)
	if !ok {
		return r.errorf(n.GetToken(), "name is %s; give a word, in quotes if it looks like a number", kindOf(n))
	}
	*name = s.Value
	if err := checkName(s.Value); err != nil {
		return r.errorf(n.GetToken(), "%w", err)
	}
	return nil
}

func (r *archReader) blocks(n ast.Node, list *[][2]int) error {
	const want = "give a list of [convolutions, channels], such as [[1, 16], [1, 32]]"
	seq, ok := n.(*ast.SequenceNode)
	if !ok {
		return r.errorf(n.GetToken(), "blocks is %s; %s", kindOf(n), want)
	}
	if err := blockBound.check(len(seq.Values)); err != nil {
		return r.errorf(n.GetToken(), "%w", err)
	}
	for _, item := range seq.Values {
		pair, ok := item.(*ast.SequenceNode)
		if !ok {
			return r.errorf(item.GetToken(), "a block is %s; %s", kindOf(item), want)
		}
		if len(pair.Values) != 2 {
			return r.errorf(item.GetToken(), "a block of %d numbers; %s", len(pair.Values), want)
		}
		convs, err := r.size(pair.Values[0], convBound)
		if err != nil {
			return err
		}
		channels, err := r.size(pair.Values[1], channelBound)
		if err != nil {
			return err
		}
		*list = append(*list, [2]int{convs, channels})
	}
	return nil
}

func (r *archReader) hidden(n ast.Node, list *[]int) error {
	seq, ok := n.(*ast.SequenceNode)
	if !ok {
		return r.errorf(n.GetToken(), "hidden is %s; give a list of sizes, such as [4096, 4096], or [] for none", kindOf(n))
	}
	if err := hiddenBound.check(len(seq.Values)); err != nil {
		return r.errorf(n.GetToken(), "%w", err)
	}
	for _, item := range seq.Values {
		features, err := r.size(item, featureBound)
		if err != nil {
			return err
		}
		*list = append(*list, features)
	}
	return nil
}

// real reads a real number within v.
func (r *archReader) real(n ast.Node, v interval, x *float64) error {
	value, err := strconv.ParseFloat(plain(n), 64)
	if err != nil {
		return r.errorf(n.GetToken(), "%s is %s; give a %s, such as %s", v.what, kindOf(n), v.noun, formatReal(v.such))
	}
	if err := v.check(value); err != nil {
		return r.errorf(n.GetToken(), "%w", err)
	}
	*x = value
	return nil
}

// size reads a whole number within b.
func (r *archReader) size(n ast.Node, b bound) (int, error) {
	value, err := strconv.Atoi(plain(n))
	switch {
	case errors.Is(err, strconv.ErrRange):
		return 0, r.errorf(n.GetToken(), "%s %s; give %v", display.Line(plain(n), display.Short), b.what, b)
	case err != nil:
		return 0, r.errorf(n.GetToken(), "%s for the number of %s; give a whole number, %v", kindOf(n), b.what, b)
	}
	if err := b.check(value); err != nil {
		return 0, r.errorf(n.GetToken(), "%w", err)
	}
	return value, nil
}
