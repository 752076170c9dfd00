// Package strictyaml reads the YAML of settings and architectures. Such files may come from anyone:
// it takes only a small part of YAML, in a text of bounded size and depth, and refuses all else.
package strictyaml

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
	"go.yaml.in/yaml/v4/plugin/loaderlimits"

	"vggtrain/internal/display"
)

// MaxBytes is the largest size of a text. All settings with the longest architecture take 5,000
// bytes.
const MaxBytes = 32 << 10

// maxDepth bounds how deep brackets are nested, and indentation. Architectures need 5 levels.
const maxDepth = 8

// Error is an error in a file, with its position.
type Error struct {
	File         string
	Line, Column int    // from 1, in characters
	What         string // what is wrong and what to do, in one line
}

func (e *Error) Error() string { return fmt.Sprintf("%s:%d:%d: %s", e.File, e.Line, e.Column, e.What) }

// Errorf returns an *Error at a node. The zero Node is the beginning of the file.
func Errorf(file string, at *yaml.Node, format string, args ...any) error {
	return &Error{file, max(1, at.Line), max(1, at.Column), display.Line(fmt.Sprintf(format, args...), 300)}
}

// Parse reads a text of at most one document and returns its root, or nil if it is empty. It takes
// mappings, lists, words, numbers and quoted texts, but no anchors, aliases, merges, tags,
// directives, repeated keys, keys marked with ?, or blocks of text. Errors are *Error, with the name
// of file. It takes milliseconds and allocates at most 2 KiB for each byte.
func Parse(file string, data []byte) (*yaml.Node, error) {
	text, err := clean(file, data)
	if err != nil {
		return nil, err
	}
	loader, err := yaml.NewLoader(strings.NewReader(text), yaml.WithPlugin(loaderlimits.New(loaderlimits.DepthValue(maxDepth))))
	var docs [2]yaml.Node
	for i := 0; err == nil && i < len(docs); i++ {
		err = loader.Load(&docs[i])
	}
	switch {
	case err == nil:
		return nil, Errorf(file, &docs[1], "%s", second)
	case err != io.EOF:
		return nil, syntaxError(file, text, err)
	case later.MatchString(text): // the parser takes marks of the end before a document, and many behind it
		line := strings.Count(text[:later.FindStringIndex(text)[1]], "\n") + 1
		return nil, Errorf(file, &yaml.Node{Line: line}, "%s", second)
	case docs[0].Kind == 0:
		return nil, nil
	}
	root := docs[0].Content[0]
	if err := check(file, root); err != nil || IsNull(root) && root.Value == "" {
		return nil, err
	}
	return root, nil
}

const second = "a second document; give one, without --- and ... in between"

// later is what stands behind a mark of the end, except comments.
var later = regexp.MustCompile(`(?m)^\.\.\.(?:[ \t].*)?\n(?:[ \t]*(?:#.*)?\n)*[ \t]*[^\s#]`)

// hide writes characters at which the parser ends a line or gives up, and U+FDD0 itself, as U+FDD0
// and a letter; show writes them back. U+FDD0 is no character, and stays inside of programs.
var (
	hide = strings.NewReplacer("\u2028", "\ufdd0L", "\u2029", "\ufdd0P", "\ufffe", "\ufdd0E", "\uffff", "\ufdd0F", "\ufdd0", "\ufdd0D")
	show = strings.NewReplacer("\ufdd0L", "\u2028", "\ufdd0P", "\u2029", "\ufdd0E", "\ufffe", "\ufdd0F", "\uffff", "\ufdd0D", "\ufdd0")
)

// refusable are a control character other than tab and line end, or the sign of a directive.
var refusable = regexp.MustCompile(`(?m)[\x00-\x08\x0b-\x1f\x7f-\x{9f}]|^%`)

// clean returns a text with ends of lines as the parser counts them. It refuses what the parser
// takes for something else, or gives no place of.
func clean(file string, data []byte) (string, error) {
	if len(data) > MaxBytes {
		return "", Errorf(file, &yaml.Node{}, "more than %d bytes; settings and architectures have far fewer", MaxBytes)
	}
	text := strings.ReplaceAll(strings.TrimPrefix(string(data), "\uFEFF"), "\r\n", "\n")
	if !utf8.ValidString(text) {
		return "", Errorf(file, &yaml.Node{}, "not UTF-8 text; give a YAML file")
	}
	found := refusable.FindStringIndex(text)
	if found == nil {
		return hide.Replace(text), nil
	}
	before, r := text[:found[0]], []rune(text[found[0]:found[1]])[0]
	at := &yaml.Node{Line: strings.Count(before, "\n") + 1, Column: utf8.RuneCountInString(before[strings.LastIndexByte(before, '\n')+1:]) + 1}
	if r == '%' {
		return "", refused(file, at, "%")
	}
	return "", Errorf(file, at, "the control character %U; take it out", r)
}

func refused(file string, at *yaml.Node, what string) error {
	return Errorf(file, at, "%s: write the value out, without anchors, aliases, tags, directives or ?", display.Cut(what, display.Short))
}

// syntaxError returns what the parser says, at its place. At the end of the text, that is where the
// incomplete part begins.
func syntaxError(file, text string, err error) error {
	at := &yaml.LoadError{Message: err.Error()}
	errors.As(err, &at)
	mark, begin, what := at.Mark, at.ContextMark, at.Message+"; write valid YAML"
	switch {
	case at.Stage == yaml.ComposerStage: // an alias of an anchor that does not exist
		return refused(file, &yaml.Node{Line: mark.Line, Column: mark.Column}, "*")
	case strings.HasPrefix(what, "exceeded max depth"):
		what = fmt.Sprintf("more than %d levels of brackets, dashes and indentation; settings and architectures have 5", maxDepth)
	case strings.HasPrefix(what, "found character that cannot start"):
		what = "a tab, or a sign that begins no value; indent with spaces, or quote the value"
	case begin.Line > 0 && begin != mark:
		what = fmt.Sprintf("%s %s that begins at %d:%d; write valid YAML", at.Message, at.ContextMsg, begin.Line, begin.Column)
		if mark.Line > strings.Count(strings.TrimRight(text, "\n"), "\n")+1 {
			mark = begin
		}
	}
	return Errorf(file, &yaml.Node{Line: mark.Line, Column: mark.Column}, "%s", what)
}

// check refuses what settings have no use for, in a node and all below it, and shows what is hidden.
func check(file string, n *yaml.Node) error {
	n.Value = show.Replace(n.Value)
	switch {
	case n.Kind == yaml.AliasNode:
		return refused(file, n, "*")
	case n.Anchor != "":
		return refused(file, n, "&")
	case n.Tag == "!!merge":
		return refused(file, n, n.Value)
	case n.Tag == "!" || n.Style&yaml.TaggedStyle != 0:
		return refused(file, n, n.Tag)
	case n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0:
		return Errorf(file, n, "a block of text: write the value on its line, without | or >")
	}
	for _, child := range n.Content {
		if err := check(file, child); err != nil {
			return err
		}
	}
	if n.Kind != yaml.MappingNode {
		return nil
	}
	first := map[string]*yaml.Node{}
	for entry := range slices.Chunk(n.Content, 2) {
		key := entry[0]
		switch before := first[key.Value]; {
		case n.Style&yaml.FlowStyle == 0 && key.Column != n.Column:
			return refused(file, &yaml.Node{Line: key.Line, Column: n.Column}, "?")
		case key.Kind != yaml.ScalarNode:
			return Errorf(file, key, "%s as a key; give a word", Describe(key))
		case before != nil:
			return Errorf(file, key, "mapping key %s already defined at [%d:%d]; write valid YAML", display.Quote(key.Value), before.Line, before.Column)
		}
		first[key.Value] = key
	}
	return nil
}

// Plain returns the text of a node that is a word or a number without quotes, or "".
func Plain(n *yaml.Node) string {
	if n.Kind == yaml.ScalarNode && n.Style == 0 {
		return n.Value
	}
	return ""
}

// IsText reports whether a node is a text, in quotes or not a number, truth value or null.
func IsText(n *yaml.Node) bool { return n.Tag == "!!str" || n.Tag == "!!timestamp" }

// IsNull reports whether a node is null, such as an empty value.
func IsNull(n *yaml.Node) bool { return n.Tag == "!!null" }

// Describe names the kind of a node, for errors that want another.
func Describe(n *yaml.Node) string {
	switch {
	case n.Kind == yaml.SequenceNode:
		return "a list"
	case n.Kind == yaml.MappingNode:
		return "a mapping"
	case IsNull(n):
		return "empty"
	}
	return display.Quote(n.Value)
}

var (
	plain = regexp.MustCompile(`^[A-Za-z./][A-Za-z0-9_./,+-]*$`)
	// What YAML 1.1 or 1.2 takes for something else than text.
	reserved = regexp.MustCompile(`(?i)^(true|false|yes|no|on|off|y|n|null|\.inf|\.nan|\.[0-9].*|\.)$`)
)

// Quote writes a text as YAML: in double quotes, unless every reader takes the plain form for a text.
// text must not have control characters.
func Quote(text string) string {
	if plain.MatchString(text) && !reserved.MatchString(text) {
		return text
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text) + `"`
}
