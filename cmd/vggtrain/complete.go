package main

import (
	"slices"
	"strings"

	"vggtrain/internal/photo"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// completer returns what could be typed where typed was, with descriptions.
// Those that do not begin with typed may be among them.
type completer func(typed string) []cobra.Completion

// addCompletions gives the flags and arguments of cmd, and of all commands
// below it, what shells complete them with. It is found by name: flags in
// flagCompleter, arguments by the words of the usage line in argumentCompleters.
// What has completions of its own keeps them.
func addCompletions(cmd *cobra.Command) {
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if _, has := cmd.GetFlagCompletionFunc(f.Name); has {
			return
		}
		takes, _ := pflag.UnquoteUsage(f)
		files := strings.Contains(takes, "FILE") || strings.Contains(takes, "DIR") || strings.Contains(takes, "PATH")
		if complete := flagCompleter(f.Name, takes); complete != nil {
			_ = cmd.RegisterFlagCompletionFunc(f.Name, asked(complete, files))
		}
	})
	if cmd.ValidArgs == nil && cmd.ValidArgsFunction == nil && !cmd.HasSubCommands() {
		cmd.ValidArgsFunction = completeArguments(cmd)
	}
	for _, c := range cmd.Commands() {
		addCompletions(c)
	}
}

// flagCompleter returns what completes a flag's value, nil for a number.
func flagCompleter(name, takes string) completer {
	words := literals(takes)
	switch {
	case name == "arch":
		return architectures
	case name == "recipe":
		return recipes
	case name == "resume":
		return resumable
	case name == "init":
		return func(typed string) []cobra.Completion { return slices.Concat(words, checkpoints(typed)) }
	case name == "augment":
		return lists(takes)
	case name == "data":
		return func(typed string) []cobra.Completion {
			return slices.Concat([]cobra.Completion{"auto\tlooked for, or downloaded", "sample\tbuilt in: 6,000 of the images"}, datasets(typed))
		}
	case strings.HasSuffix(takes, "DIR"):
		return folders
	case strings.Contains(takes, "FILE"):
		_, extension, _ := strings.Cut(takes, "FILE")
		return func(typed string) []cobra.Completion { return entries(typed, folderToo, extension) }
	case len(words) > 0:
		return func(string) []cobra.Completion { return words }
	}
	return nil
}

// literals are the words that stand for themselves among those that a flag
// takes: of "test|N" it is test.
func literals(takes string) []cobra.Completion {
	var words []cobra.Completion
	for word := range strings.SplitSeq(takes, "|") {
		if word != "" && strings.ToLower(word) == word && !strings.Contains(word, ",") {
			words = append(words, word)
		}
	}
	return words
}

// lists completes what "auto|none|flip,crop" stands for: auto, none, or a list
// of the last ones, each once; after "flip," comes flip,crop.
func lists(takes string) completer {
	choices := strings.Split(takes, "|")
	alone, words := choices[:len(choices)-1], strings.Split(choices[len(choices)-1], ",")
	return func(typed string) []cobra.Completion {
		at := strings.LastIndexByte(typed, ',') + 1
		if at == 0 {
			return slices.Concat(alone, words)
		}
		var longer []cobra.Completion
		for _, word := range words {
			if !slices.Contains(strings.Split(typed[:at], ","), word) {
				longer = append(longer, typed[:at]+word)
			}
		}
		return longer
	}
}

// completeArguments completes a command's arguments by the words of its usage
// line. The last of them, with three dots, stands for any number.
func completeArguments(cmd *cobra.Command) cobra.CompletionFunc {
	var names []string
	for _, word := range strings.Fields(cmd.Use)[1:] {
		names = append(names, strings.Trim(word, "[]"))
	}
	return func(cmd *cobra.Command, args []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
		at := len(args)
		if n := len(names); at >= n && n > 0 && strings.HasSuffix(names[n-1], "...") {
			at = n - 1
		}
		if at < len(names) {
			if complete := argumentCompleters[strings.TrimSuffix(names[at], "...")]; complete != nil {
				return asked(complete, true)(cmd, args, typed)
			}
		}
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
}

// argumentCompleters complete arguments, by their words in usage lines.
var argumentCompleters = map[string]completer{"ARCH": architectures, "CHECKPOINT": checkpoints, "DIR": folders, "DATA": datasets, "IMAGE": images}

// asked turns a completer into Cobra's: what begins as typed, in its order. A
// lone folder gets no space after it, since it may go on. Where nothing fits
// and files are taken, the shell completes them: it knows what ~ is.
func asked(complete completer, files bool) cobra.CompletionFunc {
	return func(_ *cobra.Command, _ []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
		fitting := distinct(complete(typed), typed)
		directive := cobra.ShellCompDirectiveKeepOrder
		if !files {
			directive |= cobra.ShellCompDirectiveNoFileComp
		}
		if len(fitting) == 1 && endsInSeparator(fitting[0]) {
			directive |= cobra.ShellCompDirectiveNoSpace
		}
		return fitting, directive
	}
}

// distinct are the completions that begin as typed, without those that are
// there twice and the folders that something else is in.
func distinct(list []cobra.Completion, typed string) []cobra.Completion {
	var fitting []cobra.Completion
	seen := map[string]bool{}
	for _, c := range list {
		word, _, _ := strings.Cut(c, "\t")
		within := func(other string) bool { return other != c && strings.HasPrefix(other, word) }
		if !strings.HasPrefix(word, typed) || seen[word] || endsInSeparator(word) && slices.ContainsFunc(list, within) {
			continue
		}
		seen[word] = true
		fitting = append(fitting, c)
	}
	return fitting
}

// images completes files that predict reads, and folders.
func images(typed string) []cobra.Completion {
	return entries(typed, folderToo, photo.Extensions...)
}

// folders completes folders.
func folders(typed string) []cobra.Completion { return entries(typed, folderToo) }

// datasets completes what holds images: folders, zip files and CSV files.
func datasets(typed string) []cobra.Completion { return entries(typed, folderToo, ".zip", ".csv") }
