package configs

import (
	"errors"
	"fmt"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"

	"vggtrain/internal/display"
	"vggtrain/internal/strictyaml"
)

// ParseRecipe reads a recipe or a config.yaml; file is the name that errors and origins have. It
// is strict: no unknown or repeated keys, no values of another type, nothing of YAML that
// strictyaml does not take. Settings that the text does not have are not set. Errors:
// *SyntaxError or *SettingError, both one line that begins with file:line:column.
func ParseRecipe(file string, data []byte) (*Recipe, error) {
	doc, err := strictyaml.Parse(data)
	if err != nil {
		return nil, syntaxError(file, err)
	}
	r := &Recipe{}
	if doc.Body == nil {
		return r, nil
	}
	root, ok := doc.Body.(*ast.MappingNode)
	if !ok {
		return nil, syntaxAt(file, doc.Body.GetToken(), "settings expected, a line each, such as lr: 0.01")
	}
	for i, entry := range root.Values {
		if err := r.setEntry(file, entry); err != nil {
			return nil, err
		}
		if entry.Key.GetToken().Value == "arch" && r.Arch.Name == "" {
			if root.IsFlowStyle {
				return nil, syntaxAt(file, entry.Key.GetToken(), "an architecture that is spelled out needs lines of its own")
			}
			end := doc.End // the line after the value; 0: it goes to the end of the file
			if i+1 < len(root.Values) {
				end = root.Values[i+1].Key.GetToken().Position.Line
			}
			r.Arch.Text = isolate(doc.Text, entry.Start.Position, end)
			if line := outdented(r.Arch.Text, entry); line > 0 { // the parser takes some for the value
				return nil, &SyntaxError{file, line, 1, "indent the architecture's lines more than arch"}
			}
		}
	}
	return r, nil
}

func syntaxError(file string, err error) error {
	var at *strictyaml.Error
	if !errors.As(err, &at) {
		return &SyntaxError{File: file, What: err.Error()}
	}
	return &SyntaxError{file, at.Line, at.Column, at.What}
}

func syntaxAt(file string, t *token.Token, format string, args ...any) error {
	return syntaxError(file, strictyaml.ErrorAt(t, format, args...))
}

// setEntry sets one key: value.
func (r *Recipe) setEntry(file string, entry *ast.MappingValueNode) error {
	keyToken := entry.Key.GetToken()
	name := keyToken.Value
	k := find(name)
	if k == nil {
		return syntaxAt(file, keyToken, "%s", unknown("setting", name, keyNames()))
	}
	here := Origin{file, entry.Value.GetToken().Position.Line, entry.Value.GetToken().Position.Column}
	if _, ok := entry.Value.(*ast.MappingNode); ok && name == "arch" {
		r.SetNetwork(file, nil, Origin{file, keyToken.Position.Line, keyToken.Position.Column})
		return nil
	}
	value, err := scalar(k, entry.Value)
	if err != nil {
		return &SettingError{Key: name, Origin: here, What: err.Error()}
	}
	return r.Set(name, value, here)
}

// scalar returns a value's text if it is of the key's kind. Where a list can be, it is put into
// one text: "[0.2860, 0.3530]".
func scalar(k *key, node ast.Node) (string, error) {
	if list, ok := node.(*ast.SequenceNode); ok && (k.name == "normalize" || k.name == "augment") {
		var items []string
		for _, item := range list.Values {
			text, err := scalar(k, item)
			if err != nil {
				return "", err
			}
			items = append(items, text)
		}
		return "[" + strings.Join(items, ", ") + "]", nil
	}
	t := node.GetToken()
	switch n := node.(type) {
	case *ast.NullNode:
		return "", fmt.Errorf("has no value: give %s, or leave the line out", k.values)
	case *ast.StringNode:
		quoted := t.Type == token.SingleQuoteType || t.Type == token.DoubleQuoteType
		if quoted && (k.kind == kindNumber || k.kind == kindBool) {
			return "", fmt.Errorf("must stand without quotes, not %s", display.Quote(n.Value))
		}
		return n.Value, nil
	case *ast.IntegerNode, *ast.FloatNode, *ast.InfinityNode, *ast.NanNode, *ast.BoolNode:
		return t.Value, nil
	default:
		return "", fmt.Errorf("must be one value, not a %s", strings.ToLower(node.Type().String()))
	}
}

// isolate returns the text with everything blanked out but the value of a key: from the colon on
// to before the line end. So errors about the value have the line and column of the whole file.
func isolate(data []byte, colon *token.Position, end int) []byte {
	var out strings.Builder
	for i, line := range strings.SplitAfter(string(data), "\n") {
		switch number := i + 1; {
		case number < colon.Line:
			out.WriteString("\n")
		case number == colon.Line:
			runes := []rune(line)
			rest := string(runes[min(colon.Column, len(runes)):])
			if strings.TrimSpace(rest) == "" {
				rest = "\n"
			} else {
				rest = strings.Repeat(" ", colon.Column) + rest
			}
			out.WriteString(rest)
		case end == 0 || number < end:
			out.WriteString(line)
		}
	}
	return []byte(out.String())
}

// outdented returns the first line of a value, as isolate returns it, that does not stand deeper
// than its key; 0 if all do.
func outdented(text []byte, entry *ast.MappingValueNode) int {
	number := 0
	for line := range strings.Lines(string(text)) {
		number++
		rest := strings.TrimLeft(line, " ")
		if strings.TrimSpace(rest) == "" || rest[0] == '#' {
			continue
		}
		if indent := len(line) - len(rest); indent < entry.Key.GetToken().Position.Column {
			return number
		}
	}
	return 0
}
