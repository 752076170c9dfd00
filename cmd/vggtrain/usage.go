package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"vggtrain/configs"
)

// flagError is Cobra's hook for flags that do not parse.
func flagError(cmd *cobra.Command, err error) error {
	var unknown *pflag.NotExistError
	var invalid *pflag.InvalidValueError
	var missing *pflag.ValueRequiredError
	var setting *configs.SettingError
	switch {
	case errors.As(err, &setting):
		return setting
	case errors.As(err, &unknown) && unknown.GetSpecifiedShortnames() == "":
		near := nearestFlag(cmd, unknown.GetSpecifiedName())
		if near != "" {
			near = fmt.Sprintf(": did you mean --%s?", near)
		}
		return wrongUsage("unknown flag --%s%s", unknown.GetSpecifiedName(), near)
	case errors.As(err, &unknown):
		return wrongUsage("unknown flag -%s", unknown.GetSpecifiedName())
	case errors.As(err, &missing):
		return wrongUsage("--%s needs a value", missing.GetSpecifiedName())
	case errors.As(err, &invalid):
		return wrongUsage("--%s: %q %w", invalid.GetFlag().Name, invalid.GetValue(), reason(invalid))
	}
	return wrongUsage("%w", err)
}

// reason says what is wrong with a flag's value without naming Go's functions.
func reason(invalid *pflag.InvalidValueError) error {
	if invalid.GetFlag().Value.Type() == "bool" {
		return errors.New("must be true or false")
	}
	return invalid.Unwrap()
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

// nearestFlag is the flag of cmd that is spelt like name, or whose meaning
// begins with its words: --learning-rate is --lr. It is "" where there is none.
func nearestFlag(cmd *cobra.Command, name string) string {
	near := configs.Nearest(name, flagNames(cmd))
	words := strings.ReplaceAll(name, "-", " ")
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if near == "" && strings.HasPrefix(f.Usage+" ", words+" ") {
			near = f.Name
		}
	})
	return near
}

// nearestCommand is the command under cmd that is spelt like name, begins it,
// or does what it says: train is fit, evaluate is eval. It is "" where there is none.
func nearestCommand(cmd *cobra.Command, name string) string {
	near := configs.Nearest(name, commandNames(cmd))
	for _, c := range cmd.Commands() {
		verb, _, _ := strings.Cut(c.Short, " ")
		says := strings.EqualFold(verb, name) || len(c.Name()) > 2 && strings.HasPrefix(name, c.Name())
		if near == "" && says && c.IsAvailableCommand() {
			near = c.Name()
		}
	}
	return near
}

// arguments is the Args of commands that take the named arguments, in this
// order; those in brackets, the last ones, may be left out.
func arguments(names ...string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) > len(names) {
			return wrongUsage("%s: unexpected argument %q", nameOf(cmd), args[len(names)])
		}
		if len(args) < len(names) && !strings.HasPrefix(names[len(args)], "[") {
			return wrongUsage("%s: %s is missing", nameOf(cmd), names[len(args)])
		}
		return nil
	}
}

// suggestion ends an error about an unknown name: the nearest known one, or all
// of them where none is near.
func suggestion(name string, known []string) string {
	if near := configs.Nearest(name, known); near != "" {
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
