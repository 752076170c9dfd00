package model

import (
	"fmt"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"

	"vggtrain/internal/display"
	"vggtrain/internal/nearest"
)

// plain returns the text of an unquoted scalar, as it stands in the file, and "" for any other node.
func plain(n ast.Node) string {
	switch n.(type) {
	case *ast.StringNode, *ast.IntegerNode, *ast.FloatNode:
		if t := n.GetToken(); t.Type != token.SingleQuoteType && t.Type != token.DoubleQuoteType {
			return t.Value
		}
	}
	return ""
}

// kindOf names what stands in the file where something else was wanted.
func kindOf(n ast.Node) string {
	switch n.(type) {
	case *ast.SequenceNode:
		return "a list"
	case *ast.MappingNode, *ast.MappingValueNode:
		return "a mapping"
	case *ast.NullNode:
		return "empty"
	}
	return display.Quote(n.GetToken().Value)
}

// suggest proposes the nearest of the known things, if one is near, or else all of them.
func suggest(word, things string, known []string) string {
	if near := nearest.Name(word, known); near != "" {
		return fmt.Sprintf("did you mean %q?", near)
	}
	return "the " + things + " are " + strings.Join(known, ", ")
}
