package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"vggtrain/configs"
	"vggtrain/internal/nearest"
)

// flagError is Cobra's hook for flags that do not parse.
func flagError(cmd *cobra.Command, err error) error {
	if setting, ok := errors.AsType[*configs.SettingError](err); ok {
		return setting
	}
	switch err := err.(type) {
	case *pflag.NotExistError:
		if err.GetSpecifiedShortnames() != "" {
			return wrongUsage("unknown flag -%s", err.GetSpecifiedName())
		}
		return wrongUsage("unknown flag --%s%s", err.GetSpecifiedName(), inItsPlace(cmd, err.GetSpecifiedName()))
	case *pflag.ValueRequiredError:
		return wrongUsage("--%s needs a value", err.GetSpecifiedName())
	case *pflag.InvalidValueError:
		if f := err.GetFlag(); f.Value.Type() == "bool" { // without naming Go's functions
			return wrongUsage("--%s: must be true or false, not %s", f.Name, err.GetValue())
		}
		return wrongUsage("--%s: %w", err.GetFlag().Name, err.Unwrap())
	}
	return wrongUsage("%w", err)
}

// noSuchCommand is the Args of commands that hold others: any argument left
// is a name that none of them has.
func noSuchCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	if !cmd.HasAvailableSubCommands() {
		return wrongUsage("%s has no commands, so no %q either", cmd.Name(), args[0])
	}
	if near := nearestCommand(cmd, args[0]); near != "" {
		return wrongUsage("unknown command %q: did you mean %s?", args[0], near)
	}
	return wrongUsage("unknown command %q: there are %s", args[0], listed(commandNames(cmd)))
}

// inItsPlace ends an error about an unknown flag: what else may be meant.
func inItsPlace(cmd *cobra.Command, name string) string {
	if format := cmd.Flags().Lookup("format"); format != nil && slices.Contains(strings.Split(format.Value.Type(), "|"), name) {
		return ": use --format " + name
	}
	if near := nearestFlag(cmd, name); near != "" {
		return fmt.Sprintf(": did you mean --%s?", near)
	}
	return ""
}

// nearestFlag is the flag of cmd that is spelt like name, or whose meaning begins with its words:
// --learning-rate is --lr. It is "" if no flag is near.
func nearestFlag(cmd *cobra.Command, name string) string {
	near := nearest.Name(name, flagNames(cmd))
	words := strings.ReplaceAll(name, "-", " ")
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if near == "" && strings.HasPrefix(f.Usage+" ", words+" ") {
			near = f.Name
		}
	})
	return near
}

// nearestCommand is the command under cmd that is spelt like name, begins it, or does what it says:
// train is fit, evaluate is eval. It is "" if no command is near.
func nearestCommand(cmd *cobra.Command, name string) string {
	near := nearest.Name(name, commandNames(cmd))
	for _, c := range cmd.Commands() {
		verb, _, _ := strings.Cut(c.Short, " ")
		says := strings.EqualFold(verb, name) || len(c.Name()) > 2 && strings.HasPrefix(name, c.Name())
		if near == "" && says && c.IsAvailableCommand() {
			near = c.Name()
		}
	}
	return near
}

// suggestion ends an error about an unknown name: the nearest known one, or all
// of them where none is near.
func suggestion(name string, known []string) string {
	if near := nearest.Name(name, known); near != "" {
		return fmt.Sprintf(": did you mean %s?", near)
	}
	return ": there are " + listed(known)
}

// nameOf is how a command is called after the program's name: data verify.
func nameOf(cmd *cobra.Command) string {
	return strings.TrimPrefix(cmd.CommandPath(), cmd.Root().Name()+" ")
}

func listed(names []string) string { return strings.Join(names, ", ") }

func commandNames(cmd *cobra.Command) []string {
	var names []string
	for _, c := range cmd.Commands() {
		if c.IsAvailableCommand() {
			names = append(names, c.Name())
		}
	}
	return names
}

func flagNames(cmd *cobra.Command) []string {
	var names []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
	return names
}
