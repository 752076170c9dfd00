package strictyaml

import (
	"regexp"
	"strings"

	"go.yaml.in/yaml/v4"

	"vggtrain/internal/display"
)

// Plain returns the text of a node that is a word or a number without quotes, or "".
func Plain(n *yaml.Node) string {
	if n.Kind == yaml.ScalarNode && n.Style == 0 {
		return n.Value
	}
	return ""
}

// IsText reports whether a node is a text, in quotes or not a number, truth value or null.
func IsText(n *yaml.Node) bool { return n.Tag == "!!str" || n.Tag == "!!timestamp" }

// IsNull reports whether a node says that there is no value.
func IsNull(n *yaml.Node) bool { return n.Tag == "!!null" }

// Describe names what stands in a file where something else was wanted.
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

// Quote writes a text without control characters so that every YAML reader takes it for one: in
// double quotes, unless it is plain.
func Quote(text string) string {
	if plain.MatchString(text) && !reserved.MatchString(text) {
		return text
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text) + `"`
}
