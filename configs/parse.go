package configs

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// maxTokens is the most words and signs of YAML in a settings file (comments not counted). The
// parser recurses, and takes quadratic time where brackets nest: this bounds both. All
// settings and the longest architecture take about 300.
const maxTokens = 4096

// ParseRecipe reads a recipe or a config.yaml; file is the name that errors and origins have. It
// is strict: no unknown or repeated keys, no values of another type, no anchors, aliases or tags,
// one document of at most 1 MiB. Settings that the text does not have are not set. Errors:
// *SyntaxError or *SettingError, both one line that begins with file:line:column.
func ParseRecipe(file string, data []byte) (*Recipe, error) {
	doc, err := parseDocument(file, data)
	if err != nil {
		return nil, err
	}
	r := &Recipe{}
	if doc == nil || doc.Body == nil {
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
			end := 0 // the line after the value; 0: it goes to the end of the file
			if i+1 < len(root.Values) {
				end = root.Values[i+1].Key.GetToken().Position.Line
			} else if doc.End != nil {
				end = doc.End.Position.Line
			}
			r.Arch.Text = isolate(data, entry.Start.Position, end)
		}
	}
	return r, nil
}

// parseDocument returns the file's one YAML document, nil if it has none.
func parseDocument(file string, data []byte) (*ast.DocumentNode, error) {
	if len(data) > maxFile {
		return nil, &SyntaxError{File: file, What: fmt.Sprintf("more than %d bytes: not a settings file", maxFile)}
	}
	if !utf8.Valid(data) {
		return nil, &SyntaxError{File: file, What: "not UTF-8 text: not a settings file"}
	}
	tokens := slices.DeleteFunc(lexer.Tokenize(string(data)), func(t *token.Token) bool { return t.Type == token.CommentType })
	if len(tokens) > maxTokens {
		return nil, syntaxAt(file, tokens[maxTokens], "more than %d words and signs: not a settings file", maxTokens)
	}
	for _, t := range tokens {
		switch t.Type {
		case token.AnchorType, token.AliasType, token.TagType, token.MergeKeyType, token.DirectiveType, token.MappingKeyType:
			return nil, syntaxAt(file, t, "%s: write the setting out, without anchors, aliases, tags, directives or ?", show(t.Value))
		}
	}
	parsed, err := parser.ParseBytes(data, 0)
	if err != nil {
		var at yaml.Error
		if errors.As(err, &at) && at.GetToken() != nil {
			return nil, syntaxAt(file, at.GetToken(), "%s", at.GetMessage())
		}
		return nil, &SyntaxError{File: file, What: strings.ReplaceAll(err.Error(), "\n", " ")}
	}
	switch len(parsed.Docs) {
	case 0:
		return nil, nil
	case 1:
		return parsed.Docs[0], nil
	default:
		return nil, &SyntaxError{File: file, What: "more than one YAML document (---): give one"}
	}
}

func syntaxAt(file string, t *token.Token, format string, args ...any) error {
	what := strings.Join(strings.Fields(fmt.Sprintf(format, args...)), " ")
	return &SyntaxError{file, t.Position.Line, t.Position.Column, what}
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
			return "", fmt.Errorf("must stand without quotes, not %s", show(t.Origin))
		}
		return n.Value, nil
	case *ast.IntegerNode, *ast.FloatNode, *ast.InfinityNode, *ast.NanNode, *ast.BoolNode:
		return t.Value, nil
	case *ast.LiteralNode:
		return "", errors.New("must stand on its line, without | or >")
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
