package main

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"vggtrain/configs"
)

// commandGroups are the titles under which the help of cmd lists its commands.
func commandGroups(cmd *cobra.Command) []group {
	if cmd.HasParent() {
		return nil
	}
	return []group{
		{"Train and use a network", []string{"fit", "eval", "predict", "export"}},
		{"Networks and settings", []string{"summary", "compare", "arch", "recipe"}},
		{"Images and this machine", []string{"data", "bench"}},
		{"This program", []string{"completion", "version", "help"}},
	}
}

// flagGroups are the titles under which the help of cmd lists its flags. A
// command of few flags has one list of them.
func flagGroups(cmd *cobra.Command) []group {
	if cmd.Name() != "fit" {
		return nil
	}
	var groups []group
	for _, g := range []struct{ title, first, last string }{ // between them, the other settings of the group
		{title: "Network"},
		{title: "Data", first: "data resize normalize"},
		{title: "Training", first: "recipe", last: "threads"},
		{title: "Regularisation", first: "weight-decay dropout label-smoothing"},
		{title: "Limits"},
		{title: "Output", first: "out resume", last: "dry-run quiet json"},
	} {
		names := strings.Fields(g.first)
		for _, key := range configs.Keys() {
			if key.Group == g.title && !slices.Contains(names, key.Name) {
				names = append(names, key.Name)
			}
		}
		groups = append(groups, group{g.title, append(names, strings.Fields(g.last)...)})
	}
	return groups
}
