package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"vggtrain/configs"
	"vggtrain/internal/display"
	"vggtrain/internal/nearest"
	"vggtrain/internal/rundir"
)

// arguments is the Args of commands that take the named arguments, in this
// order; those in brackets, the last ones, may be left out.
func arguments(names ...string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) > len(names) {
			return wrongUsage("%s: unexpected argument %q%s", nameOf(cmd), args[len(names)], meant(cmd, args[len(names)]))
		}
		if at := slices.Index(args, ""); at >= 0 { // an unset variable of a shell, as a rule
			return wrongUsage("%s: %s must not be empty", nameOf(cmd), strings.Trim(names[at], "[]"))
		}
		if len(args) < len(names) && !strings.HasPrefix(names[len(args)], "[") {
			return wrongUsage("%s: %s is missing", nameOf(cmd), names[len(args)])
		}
		return nil
	}
}

// meant ends an error about an argument that a command does not take: the flag whose value it may be.
func meant(cmd *cobra.Command, arg string) string {
	if arg == "true" || arg == "false" {
		return ofSwitch(cmd, arg)
	}
	for _, m := range meanings {
		if value := m.value(arg); value != "" && cmd.Flags().Lookup(m.flag) != nil {
			return fmt.Sprintf(": did you mean --%s %s?", m.flag, display.ShellWord(value))
		}
	}
	return ""
}

// meanings are what people give as arguments that are values of flags: value returns what the flag
// takes, "" for nothing of its kind. The first that fits counts.
var meanings = []struct {
	flag  string
	value func(arg string) string
}{
	{"arch", func(arg string) string { return nearest.Name(arg, configs.ArchNames()) }},
	{"recipe", func(arg string) string { return nearest.Name(arg, configs.RecipeNames()) }},
	{"arch", archFile},
	{"recipe", yamlFile},
	{"resume", runFolder},
	{"data", func(arg string) string { return nearest.Name(arg, []string{"auto", "sample"}) }},
	{"data", existing},
}

func existing(arg string) string {
	if _, err := os.Stat(arg); err != nil {
		return ""
	}
	return arg
}

func yamlFile(arg string) string {
	if !slices.Contains([]string{".yaml", ".yml"}, strings.ToLower(filepath.Ext(arg))) {
		return ""
	}
	return arg
}

// archFile is a file that holds an architecture.
func archFile(arg string) string {
	if yamlFile(arg) == "" {
		return ""
	}
	if _, err := configs.LoadArch(arg); err != nil {
		return ""
	}
	return arg
}

// runFolder is a folder that holds a run.
func runFolder(arg string) string {
	if existing(rundir.At(arg).Config()) == "" {
		return ""
	}
	return arg
}

// ofSwitch ends an error about an argument true or false, which belongs to a flag before it.
func ofSwitch(cmd *cobra.Command, arg string) string {
	var given []string
	cmd.Flags().Visit(func(f *pflag.Flag) {
		if f.NoOptDefVal != "" {
			given = append(given, f.Name)
		}
	})
	if len(given) == 0 {
		return ""
	}
	return fmt.Sprintf(": write --%s=%s", strings.Join(given, " or --"), arg)
}
