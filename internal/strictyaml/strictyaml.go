// Package strictyaml reads the YAML of settings and architectures, which may come from anyone: it
// takes the little of YAML that such files need, in a text of bounded size, and refuses all else.
//
// The parser underneath (github.com/goccy/go-yaml) takes time and memory that grow with the square
// of the length of a line, of empty lines in a row, of all words and signs, and of the depth of
// brackets. Each of them has its bound here, checked before the parser sees it.
package strictyaml

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"

	"vggtrain/internal/display"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// Bounds of a text. All settings with the longest architecture take 5,000 bytes in 110 lines of at
// most 800, and 1,400 words and signs of depth 5.
const (
	MaxBytes = 32 << 10

	maxLine   = 4096 // bytes
	maxEmpty  = 16   // lines in a row without anything
	maxTokens = 1536 // words and signs, comments not counted
	maxDepth  = 8    // of brackets, dashes and indented keys
)

// Error is what is wrong with a text, and where.
type Error struct {
	Line, Column int    // from 1; 0: the text as a whole
	What         string // one line, with what to do
}

func (e *Error) Error() string {
	if e.Line == 0 {
		return e.What
	}
	return fmt.Sprintf("%d:%d: %s", e.Line, e.Column, e.What)
}

// ErrorAt returns an *Error at a token.
func ErrorAt(t *token.Token, format string, args ...any) *Error {
	e := &Error{What: display.Line(fmt.Sprintf(format, args...), 300)}
	if t != nil && t.Position != nil {
		e.Line, e.Column = max(1, t.Position.Line), max(1, t.Position.Column)
	}
	return e
}

// Document is a text and what stands in it.
type Document struct {
	Text []byte   // what lines and columns count in: the text without a byte order mark and blanks at lines' ends
	Body ast.Node // nil: nothing
	End  int      // the line of the mark ... that ends it; 0: there is none
}

// Parse reads a text that is at most one document. In it are mappings, lists, words, numbers and
// quoted texts; no anchors, aliases, merges, tags, directives, keys marked with ?, or blocks of
// text. Errors are *Error. It takes milliseconds and a few MiB, whatever the text.
func Parse(data []byte) (*Document, error) {
	data = bytes.TrimPrefix(data, []byte("\uFEFF"))
	if err := checkText(data); err != nil {
		return nil, err
	}
	data = trailing.ReplaceAll(data, []byte("$1"))
	tokens := lexer.Tokenize(string(data) + "\n") // without a line's end, the lexer loses a tag that ends the text
	if err := checkTokens(tokens); err != nil {
		return nil, err
	}
	parsed, err := parser.Parse(tokens, 0)
	if err != nil {
		var at yaml.Error
		if errors.As(err, &at) {
			return nil, ErrorAt(at.GetToken(), "%s; write valid YAML", display.Line(at.GetMessage(), 200))
		}
		return nil, ErrorAt(nil, "%s; write valid YAML", display.Line(err.Error(), 200))
	}
	doc := &Document{Text: data}
	if len(parsed.Docs) > 0 { // at most one: checkTokens
		doc.Body = parsed.Docs[0].Body
		if end := parsed.Docs[0].End; end != nil {
			doc.End = end.Position.Line
		}
	}
	return doc, nil
}

// trailing are blanks at the ends of lines. They mean nothing in what Parse takes, but the parser takes
// a line for the value of a key that stands deeper if there are some.
var trailing = regexp.MustCompile(`(?m)[ \t]+(\r?)$`)

// checkTokens refuses what settings have no use for, and what would take the parser long.
func checkTokens(tokens token.Tokens) error {
	count, depth := 0, depth{}
	var last *token.Token
	for _, t := range tokens {
		switch t.Type {
		case token.CommentType:
			continue
		case token.AnchorType, token.AliasType, token.TagType, token.MergeKeyType, token.DirectiveType, token.MappingKeyType:
			return ErrorAt(t, "%s: write the value out, without anchors, aliases, tags, directives or ?", display.Line(t.Value, 60))
		case token.LiteralType, token.FoldedType:
			return ErrorAt(t, "a block of text: write the value on its line, without | or >")
		}
		if last != nil && (t.Type == token.DocumentHeaderType || last.Type == token.DocumentEndType) {
			return ErrorAt(t, "a second document; give one, without --- and ... in between")
		}
		if count++; count > maxTokens {
			return ErrorAt(t, "more than %d words and signs; settings and architectures have far fewer", maxTokens)
		}
		if depth.after(last, t) > maxDepth {
			return ErrorAt(t, "more than %d levels of brackets, dashes and indentation; settings and architectures have 5", maxDepth)
		}
		last = t
	}
	return nil
}

// depth follows how deep the words of a text are nested.
type depth struct {
	columns  []int // of the keys and dashes that the last one stands under, and its own
	brackets int   // that are open
}

// after returns the depth at a token; last is the one before.
func (d *depth) after(last, t *token.Token) int {
	switch t.Type {
	case token.SequenceStartType, token.MappingStartType:
		d.brackets++
	case token.SequenceEndType, token.MappingEndType:
		d.brackets = max(0, d.brackets-1)
	case token.SequenceEntryType, token.MappingValueType:
		if d.brackets > 0 {
			break
		}
		column := t.Position.Column
		if t.Type == token.MappingValueType && last != nil { // the colon after a key
			column = last.Position.Column
		}
		for len(d.columns) > 0 && d.columns[len(d.columns)-1] >= column {
			d.columns = d.columns[:len(d.columns)-1]
		}
		d.columns = append(d.columns, column)
	}
	return d.brackets + len(d.columns)
}
