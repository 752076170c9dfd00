package main

import (
	"strconv"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"

	"vggtrain/configs"
	"vggtrain/model"
)

func newArchCommand() *cobra.Command {
	list := newListCommand("arch", "List the architectures with their cost", archCatalog)
	list.Long = `List the built-in architectures, a line each: the name, the number of
convolutions, and the parameters and multiply-adds for one grey image of
224x224 pixels and 10 classes.`
	return newGroupCommand("arch", "List and show the built-in architectures", list,
		newShowCommand(configs.ArchNames(), configs.Arch, "Print an architecture's YAML, to start one of your own from",
			"  vggtrain arch show vgg11-small > mine.yaml"))
}

func newRecipeCommand() *cobra.Command {
	return newGroupCommand("recipe", "List and show the built-in recipes: training settings in one file",
		newListCommand("recipe", "List the recipes with their main settings", recipeCatalog),
		newShowCommand(configs.RecipeNames(), configs.RecipeText, "Print a recipe's YAML, to start one of your own from",
			"  vggtrain recipe show fast > mine.yaml\n  vggtrain fit --recipe mine.yaml"))
}

// catalog is what the binary holds of one kind: a table for people, a list of records for programs.
type catalog struct {
	table   table
	records any
}

// newListCommand prints a catalog.
func newListCommand(kind, short string, made func() (*catalog, error)) *cobra.Command {
	asJSON := false
	cmd := &cobra.Command{
		Use:     "list",
		Short:   short,
		Example: "  vggtrain " + kind + " list\n  vggtrain " + kind + " list --json",
		Args:    arguments(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := made()
			switch {
			case err != nil:
				return err
			case asJSON:
				return writeJSON(cmd.OutOrStdout(), c.records)
			}
			return c.table.write(cmd.OutOrStdout())
		},
	}
	jsonFlag(cmd, &asJSON, "print one JSON document")
	return cmd
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

// archRecord is an item of arch list --json.
type archRecord struct {
	Name         string `json:"name"`
	Convolutions int    `json:"convolutions"`
	Params       int64  `json:"params"`
	MACs         int64  `json:"macs"`
}

func archCatalog() (*catalog, error) {
	networks, err := builtIn()
	if err != nil {
		return nil, err
	}
	c := &catalog{table: table{columns: []column{{"name", false}, {"convolutions", true}, {"params", true}, {"macs", true}}}}
	var records []archRecord
	for _, n := range networks {
		r := archRecord{n.Arch, n.Convolutions.Layers, n.Params, n.MACs}
		c.table.add(r.Name, strconv.Itoa(r.Convolutions), humanize.Comma(r.Params), humanize.Comma(r.MACs))
		records = append(records, r)
	}
	c.records = records
	return c, nil
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

// recipeRecord is an item of recipe list --json.
type recipeRecord struct {
	Name      string  `json:"name"`
	Resize    int     `json:"resize"`
	Epochs    int     `json:"epochs"`
	BatchSize int     `json:"batch_size"`
	LR        float64 `json:"lr"`
	Momentum  float64 `json:"momentum"`
	Schedule  string  `json:"schedule"`
	Augment   string  `json:"augment"`
	Normalize string  `json:"normalize"`
}

func recipeCatalog() (*catalog, error) {
	c := &catalog{table: table{columns: []column{{"name", false}, {"resize", true}, {"epochs", true}, {"batch-size", true}, {"lr", true},
		{"momentum", true}, {"schedule", false}, {"augment", false}, {"normalize", false}}}}
	var records []recipeRecord
	for _, name := range configs.RecipeNames() {
		recipe, err := configs.LoadRecipe(name)
		if err != nil {
			return nil, err
		}
		r := recipe.Over(configs.Defaults())
		cells := []string{name}
		for _, column := range c.table.columns[1:] {
			cells = append(cells, r.Text(column.name))
		}
		c.table.add(cells...)
		records = append(records, recipeRecord{
			Name: name, Resize: r.Resize, Epochs: r.Epochs, BatchSize: r.BatchSize, LR: r.LR, Momentum: r.Optimizer.Momentum,
			Schedule: r.Schedule, Augment: r.Text("augment"), Normalize: r.Text("normalize"),
		})
	}
	c.records = records
	return c, nil
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
