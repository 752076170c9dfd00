package configs

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"vggtrain/internal/display"
	"vggtrain/internal/strictyaml"
	"vggtrain/model"
)

// ParseRecipe reads a recipe or a config.yaml. It refuses unknown and repeated keys, values of
// another type, and the parts of YAML that strictyaml refuses. Settings missing in the text are not
// set. Errors: *model.FileError or *SettingError, both one line that begins with file:line:column.
func ParseRecipe(file string, data []byte) (*Recipe, error) {
	r := &Recipe{}
	root, err := strictyaml.Parse(file, data)
	switch {
	case err != nil:
		return nil, err
	case root == nil:
		return r, nil
	case root.Kind != yaml.MappingNode:
		return nil, strictyaml.Errorf(file, root, "settings expected, a line each, such as lr: 0.01")
	}
	for entry := range slices.Chunk(root.Content, 2) {
		if err := r.setEntry(file, entry[0], entry[1]); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// setEntry sets one key: value.
func (r *Recipe) setEntry(file string, key, value *yaml.Node) error {
	k, err := find(key.Value)
	if err != nil {
		return strictyaml.Errorf(file, key, "%v", err)
	}
	if k.Name == "arch" && value.Kind == yaml.MappingNode {
		arch, err := model.ReadArch(file, value)
		if err != nil {
			return err
		}
		return r.SetNetwork(file, arch, Origin{Source: file, Line: key.Line, Column: key.Column})
	}
	here := Origin{Source: file, Line: value.Line, Column: value.Column}
	text, err := scalar(k, value)
	if err != nil {
		return &SettingError{Key: k.Name, Origin: here, What: err.Error()}
	}
	return r.Set(k.Name, text, here)
}

// scalar returns a value's text if it is of the key's kind. Where a list can be, it is put into
// one text: "[0.2860, 0.3530]".
func scalar(k *key, n *yaml.Node) (string, error) {
	if n.Kind == yaml.SequenceNode && k.kind == kindList {
		var items []string
		for _, item := range n.Content {
			text, err := scalar(k, item)
			if err != nil {
				return "", err
			}
			items = append(items, text)
		}
		return "[" + strings.Join(items, ", ") + "]", nil
	}
	switch {
	case n.Kind != yaml.ScalarNode:
		return "", fmt.Errorf("must be one value, not %s", strictyaml.Describe(n))
	case strictyaml.IsNull(n):
		return "", fmt.Errorf("has no value: give %s, or leave the line out", k.Values)
	case n.Style != 0 && (k.kind == kindNumber || k.kind == kindBool):
		return "", fmt.Errorf("must stand without quotes, not %s", display.Quote(n.Value))
	}
	return n.Value, nil
}

// YAML returns the settings that are set, a line each in a fixed order. ParseRecipe reads it back. An
// architecture spelled out is a mapping under arch.
func (r *Recipe) YAML() []byte {
	var out []byte
	for _, k := range keys {
		text := k.text(r)
		switch {
		case !r.IsSet(k.Name):
			continue
		case k.Name == "arch" && r.Arch.Name == "":
			text = "\n  " + strings.ReplaceAll(text, "\n", "\n  ")
		case k.kind == kindText || k.kind == kindMixed && (text[0] < '0' || text[0] > '9'):
			text = " " + strictyaml.Quote(text)
		default:
			text = " " + text
		}
		out = fmt.Appendf(out, "%s:%s\n", k.Name, text)
	}
	return out
}
