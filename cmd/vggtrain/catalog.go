package main

import (
	"strconv"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"

	"vggtrain/configs"
	"vggtrain/model"
)

func newArchCommand() *cobra.Command {
	list := newListCommand("arch", "List the architectures with their cost", archTable)
	list.Long = `List the built-in architectures, a line each: the name, the number of
convolutions, and the parameters and multiply-adds for one grey image of
224x224 pixels and 10 classes.`
	return newGroupCommand("arch", "List and show the built-in architectures", list,
		newShowCommand(configs.ArchNames(), configs.Arch, "Print an architecture's YAML, to start one of your own from",
			"  vggtrain arch show vgg11-small > mine.yaml"))
}

func newRecipeCommand() *cobra.Command {
	return newGroupCommand("recipe", "List and show the built-in recipes: training settings in one file",
		newListCommand("recipe", "List the recipes with their main settings", recipeTable),
		newShowCommand(configs.RecipeNames(), configs.RecipeText, "Print a recipe's YAML, to start one of your own from",
			"  vggtrain recipe show fast > mine.yaml\n  vggtrain fit --recipe mine.yaml"))
}

// newListCommand prints a table of what the binary holds of one kind.
func newListCommand(kind, short string, made func() (*table, error)) *cobra.Command {
	return &cobra.Command{
		Use:     "list",
		Short:   short,
		Example: "  vggtrain " + kind + " list",
		Args:    arguments(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			t, err := made()
			if err != nil {
				return err
			}
			return t.write(cmd.OutOrStdout())
		},
	}
}

// newShowCommand prints the YAML of what the binary holds under one of the names.
func newShowCommand(names []string, text func(name string) ([]byte, error), short, example string) *cobra.Command {
	return &cobra.Command{
		Use:               "show NAME",
		Short:             short,
		Example:           example,
		Args:              arguments("NAME"),
		ValidArgsFunction: cobra.FixedCompletions(names, cobra.ShellCompDirectiveNoFileComp),
		RunE: func(cmd *cobra.Command, args []string) error {
			yaml, err := text(args[0])
			if err != nil {
				return err
			}
			_, err = cmd.OutOrStdout().Write(yaml)
			return err
		},
	}
}

func archTable() (*table, error) {
	t := &table{columns: []column{{"name", false}, {"convolutions", true}, {"params", true}, {"macs", true}}}
	networks, err := builtIn()
	for _, n := range networks {
		t.add(n.Arch, strconv.Itoa(n.Convolutions.Layers), humanize.Comma(n.Params), humanize.Comma(n.MACs))
	}
	return t, err
}

// builtIn are the built-in architectures with their costs for one grey image of 224×224 pixels.
func builtIn() ([]model.Compared, error) {
	archs, err := loadArchs(configs.ArchNames())
	if err != nil {
		return nil, err
	}
	costs := model.Compare(archs, model.Input{N: 1, C: 1, H: 224, W: 224}, 10)
	if err := costs.Err(); err != nil {
		return nil, err
	}
	return costs.Networks, nil
}

func recipeTable() (*table, error) {
	t := &table{columns: []column{{"name", false}, {"resize", true}, {"epochs", true}, {"batch-size", true}, {"lr", true},
		{"momentum", true}, {"schedule", false}, {"augment", false}, {"normalize", false}}}
	for _, name := range configs.RecipeNames() {
		recipe, err := configs.LoadRecipe(name)
		if err != nil {
			return nil, err
		}
		r := recipe.Over(configs.Defaults())
		cells := []string{name}
		for _, c := range t.columns[1:] {
			cells = append(cells, r.Text(c.name))
		}
		t.add(cells...)
	}
	return t, nil
}

// loadArchs loads architectures by name or file.
func loadArchs(names []string) (archs []*model.Arch, err error) {
	archs = make([]*model.Arch, len(names))
	for i, name := range names {
		if archs[i], err = configs.LoadArch(name); err != nil {
			return nil, err
		}
	}
	return archs, nil
}
