package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"
)

func newCompletionCommand() *cobra.Command {
	shells := []string{"bash", "zsh", "fish", "powershell"}
	return &cobra.Command{
		Use:   "completion bash|zsh|fish|powershell",
		Short: "Print a shell's completion script",
		Example: `  source <(vggtrain completion bash)
  vggtrain completion zsh > "${fpath[1]}/_vggtrain"
  vggtrain completion fish > ~/.config/fish/completions/vggtrain.fish`,
		Args:      arguments("SHELL"),
		ValidArgs: shells,
		RunE: func(cmd *cobra.Command, args []string) error {
			write, known := completionWriter(cmd.Root(), args[0])
			if !known {
				return wrongUsage("unknown shell %q%s", args[0], suggestion(args[0], shells))
			}
			if err := write(cmd.OutOrStdout()); err != nil {
				return fmt.Errorf("completion script: %w", err)
			}
			return nil
		},
	}
}

// completionWriter returns what writes the completion script of a shell.
func completionWriter(root *cobra.Command, shell string) (func(io.Writer) error, bool) {
	switch shell {
	case "bash":
		return func(w io.Writer) error { return root.GenBashCompletionV2(w, true) }, true
	case "zsh":
		return root.GenZshCompletion, true
	case "fish":
		return func(w io.Writer) error { return root.GenFishCompletion(w, true) }, true
	case "powershell":
		return root.GenPowerShellCompletionWithDesc, true
	}
	return nil, false
}
