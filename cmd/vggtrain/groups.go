package main

import (
	"strings"

	"github.com/spf13/cobra"
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
	return []group{
		{"Network", strings.Fields("arch init")},
		{"Data", strings.Fields("data resize normalize augment shuffle val limit-train limit-val")},
		{"Training", strings.Fields("recipe epochs batch-size optimizer lr momentum nesterov schedule warmup-epochs seed threads")},
		{"Regularisation", strings.Fields("weight-decay dropout label-smoothing clip-norm")},
		{"Limits", strings.Fields("max-steps max-time early-stop")},
		{"Output", strings.Fields("out resume checkpoint-every tensorboard dry-run json")},
	}
}
