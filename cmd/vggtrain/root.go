package main

import (
	"fmt"

	"github.com/dustin/go-humanize/english"
	"github.com/spf13/cobra"

	"vggtrain/internal/kernel"
)

// newRootCommand joins the commands. All of them leave printing of errors and
// usage to execute, so that exit status and message have one place.
func newRootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:   "vggtrain COMMAND",
		Short: "Train VGG networks on Fashion-MNIST, on a CPU",
		Long: `vggtrain trains VGG networks on Fashion-MNIST, on a CPU.

Results go to standard output, progress and errors to standard error.
Exit status: 0 done; 1 failed; 2 wrong usage; 3 training diverged;
130 interrupted, 143 terminated, 129 hung up. fit saves its state before it
ends so.

VGGTRAIN_DATA names the folder of the images, VGGTRAIN_KERNEL the kernels
(` + english.WordSeries(kernel.Names, "or") + `). With NO_COLOR there are no colours and no moving bar.`,
		Example: `  vggtrain fit --arch vgg11-small
  vggtrain summary --input 1x1x224x224 --arch vgg16
  vggtrain eval runs/vgg11-small/best.bin`,
		Args:              noSuchCommand,
		RunE:              func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
		SilenceErrors:     true,
		SilenceUsage:      true,
		CompletionOptions: cobra.CompletionOptions{DisableDefaultCmd: true},
	}
	root.CompletionOptions.SetDefaultShellCompDirective(cobra.ShellCompDirectiveNoFileComp)
	root.SetFlagErrorFunc(flagError)
	root.SetHelpCommand(newHelpCommand(root))
	root.SetHelpFunc(func(cmd *cobra.Command, _ []string) { fmt.Fprint(cmd.OutOrStdout(), screenHelp(newManual(cmd))) })
	root.AddCommand(
		newFitCommand(runFit),
		newEvalCommand(runEval),
		newPredictCommand(runPredict),
		newExportCommand(runExport),
		newSummaryCommand(runSummary),
		newCompareCommand(runCompare),
		newBenchCommand(runBench),
		newDataCommand(),
		newArchCommand(),
		newRecipeCommand(),
		newCompletionCommand(),
		newVersionCommand(runVersion),
	)
	addVersionFlag(root)
	tidy(root)
	addCompletions(root)
	return root
}

// tidy keeps Cobra from writing [flags] after commands that have none, and
// from sorting the flags of the others.
func tidy(cmd *cobra.Command) {
	cmd.DisableFlagsInUseLine = !cmd.Flags().HasAvailableFlags()
	cmd.Flags().SortFlags = false
	for _, c := range cmd.Commands() {
		tidy(c)
	}
}

// newGroupCommand returns a command that does nothing but hold others.
func newGroupCommand(name, short string, commands ...*cobra.Command) *cobra.Command {
	group := &cobra.Command{
		Use:   name + " COMMAND",
		Short: short,
		Args:  noSuchCommand,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return wrongUsage("%s needs a command: %s", cmd.Name(), listed(commandNames(cmd)))
		},
	}
	group.AddCommand(commands...)
	return group
}

func newHelpCommand(root *cobra.Command) *cobra.Command {
	return &cobra.Command{
		Use:                   "help [COMMAND]",
		DisableFlagsInUseLine: true,
		Short:                 "Show everything about a command",
		Example: `  vggtrain help fit
  vggtrain help data verify`,
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			if found, rest, err := root.Find(args); err == nil && len(rest) == 0 {
				return commandNames(found), cobra.ShellCompDirectiveNoFileComp
			}
			return nil, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			found, rest, err := root.Find(args)
			if err != nil {
				return err
			}
			if len(rest) > 0 {
				return noSuchCommand(found, rest)
			}
			_, err = fmt.Fprint(cmd.OutOrStdout(), fullHelp(newManual(found)))
			return err
		},
	}
}
