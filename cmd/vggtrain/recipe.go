package main

import (
	"context"
	"io"

	"github.com/spf13/cobra"

	"vggtrain/configs"
)

type recipeListOptions struct {
	Out io.Writer
}

func newRecipeCommand() *cobra.Command {
	return newGroupCommand("recipe", "List and show the built-in recipes: training settings in one file",
		newRecipeListCommand(runRecipeList),
		newShowCommand(catalog{configs.RecipeNames(), configs.RecipeText},
			"Print a recipe's YAML, to start one of your own from",
			"  vggtrain recipe show fast > mine.yaml\n  vggtrain fit --recipe mine.yaml", runShow))
}

func newRecipeListCommand(run func(context.Context, *recipeListOptions) error) *cobra.Command {
	return &cobra.Command{
		Use:     "list",
		Short:   "List the recipes with their main settings",
		Example: "  vggtrain recipe list",
		Args:    arguments(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return run(cmd.Context(), &recipeListOptions{Out: cmd.OutOrStdout()})
		},
	}
}

func runRecipeList(_ context.Context, o *recipeListOptions) error {
	t := &table{columns: []column{{"name", false}, {"resize", true}, {"epochs", true}, {"batch-size", true}, {"lr", true},
		{"momentum", true}, {"schedule", false}, {"augment", false}, {"normalize", false}}}
	for _, name := range configs.RecipeNames() {
		recipe, err := configs.LoadRecipe(name)
		if err != nil {
			return err
		}
		r := recipe.Over(configs.Defaults())
		cells := []string{name}
		for _, c := range t.columns[1:] {
			cells = append(cells, r.Text(c.name))
		}
		t.add(cells...)
	}
	return t.write(o.Out)
}
