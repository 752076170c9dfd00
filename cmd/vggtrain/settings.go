package main

import (
	"github.com/spf13/cobra"

	"vggtrain/configs"
)

// settingFlags adds a flag for every training setting. A flag that is given
// sets its setting in target, checked, with the flag as its origin.
func settingFlags(cmd *cobra.Command, target *configs.Recipe) {
	shown := configs.Defaults()
	if recipe, err := configs.LoadRecipe(defaultRecipe); err == nil {
		shown = recipe.Over(shown)
	}
	for _, key := range configs.Keys() {
		value := &setting{key: key, target: target}
		if shown.IsSet(key.Name) {
			value.shown = shown.Text(key.Name)
		}
		flag := cmd.Flags().VarPF(value, key.Name, "", key.Help)
		if key.Bool {
			flag.NoOptDefVal = "true"
		}
	}
}

// setting is the value of a flag that sets a training setting.
type setting struct {
	key    configs.Key
	target *configs.Recipe
	shown  string // as its default; "": it has none of its own
}

func (s *setting) String() string { return s.shown }

func (s *setting) Type() string {
	if s.key.Bool {
		return "bool"
	}
	return s.key.Values
}

func (s *setting) Set(text string) error { return s.target.Set(s.key.Name, text, configs.FromFlag) }
