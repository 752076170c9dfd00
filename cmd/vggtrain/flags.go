package main

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"vggtrain/configs"
	"vggtrain/internal/kernel"
	"vggtrain/internal/terminal"
)

// Flags that several commands have, and the kinds of values that pflag lacks.

// defaultArch and defaultRecipe are what the flags mean when they are not given.
const (
	defaultArch   = "vgg11"
	defaultRecipe = "fast"
)

// archFlag adds --arch, which names an architecture or a file that holds one.
func archFlag(cmd *cobra.Command, target *string) {
	textFlag(cmd, target, "arch", "NAME|FILE.yaml", defaultArch, "network")
}

func dataFlag(cmd *cobra.Command, target *string) {
	textFlag(cmd, target, "data", "auto|sample|PATH", "auto", "images: folder, zip or CSV file")
}

// classesFlag adds --classes, which names the labels of IDX files and of Kaggle's CSV.
func classesFlag(cmd *cobra.Command, target *string) {
	textFlag(cmd, target, "classes", "FILE", "", "names of the classes, a line each")
}

func threadsFlag(cmd *cobra.Command, target *int) {
	cmd.Flags().Var(count{target, kernel.MaxThreads}, "threads", "threads; same results for any (default all cores)")
}

func jsonFlag(cmd *cobra.Command, target *bool, usage string) {
	cmd.Flags().BoolVar(target, "json", false, usage)
}

// quietFlag adds --quiet, for stderrOf.
func quietFlag(cmd *cobra.Command) {
	cmd.Flags().Bool("quiet", false, "of standard error only notices and errors")
}

// stderrOf is a command's standard error, without progress if --quiet is given.
func stderrOf(cmd *cobra.Command) io.Writer {
	if quiet, _ := cmd.Flags().GetBool("quiet"); quiet {
		return terminal.Quiet{Writer: cmd.ErrOrStderr()}
	}
	return cmd.ErrOrStderr()
}

// text is a flag's value that may be any text but none; what it takes has a name.
type text struct {
	target *string
	takes  string
}

func (t text) String() string { return *t.target }
func (t text) Type() string   { return t.takes }

func (t text) Set(given string) error {
	if given == "" { // an unset variable of a shell, as a rule
		return errors.New("must not be empty")
	}
	*t.target = given
	return nil
}

// textFlag adds a flag that takes a text, which help calls by the given name.
func textFlag(cmd *cobra.Command, target *string, name, takes, value, usage string) {
	*target = value
	cmd.Flags().Var(text{target, takes}, name, usage)
}

// outFlag adds --out, which names a file or a folder to write.
func outFlag(cmd *cobra.Command, target *string, takes, usage string) {
	cmd.Flags().Var(outPath{text{target, takes}}, "out", usage)
}

// outPath is a flag's value that names a file or folder to write.
type outPath struct{ text }

func (p outPath) Set(given string) error {
	if given == "-" {
		return errors.New("- is not standard output here: give a name (./- for one of that name)")
	}
	return p.text.Set(given)
}

// choice is a flag's value that must be one of a few words.
type choice struct {
	target *string
	known  []string
}

func (c *choice) String() string { return *c.target }
func (c *choice) Type() string   { return strings.Join(c.known, "|") }

func (c *choice) Set(word string) error {
	if !slices.Contains(c.known, word) {
		return fmt.Errorf("%q is unknown%s", word, suggestion(word, c.known))
	}
	*c.target = word
	return nil
}

// choiceFlag adds a flag that takes one of the known words, the first by default.
func choiceFlag(cmd *cobra.Command, target *string, name, usage string, known ...string) {
	*target = known[0]
	cmd.Flags().Var(&choice{target, known}, name, usage)
	_ = cmd.RegisterFlagCompletionFunc(name, cobra.FixedCompletions(known, cobra.ShellCompDirectiveNoFileComp))
}

// maxCount bounds what flags count.
const maxCount = 1_000_000_000

// count is a flag's value that must be a whole number from 1 to most.
type count struct {
	target *int
	most   int
}

func (c count) Type() string { return "N" }

// String is empty where the default is not a number that could be given.
func (c count) String() string {
	if *c.target == 0 {
		return ""
	}
	return strconv.Itoa(*c.target)
}

func (c count) Set(text string) error {
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > c.most {
		return fmt.Errorf("must be a whole number from 1 to %d, not %s", c.most, text)
	}
	*c.target = n
	return nil
}

// countFlag adds a flag that takes a whole number from 1.
func countFlag(cmd *cobra.Command, target *int, name string, value int, usage string) {
	*target = value
	cmd.Flags().Var(count{target, maxCount}, name, usage)
}

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
