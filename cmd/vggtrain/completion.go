package main

import (
	"fmt"

	"github.com/spf13/cobra"
)

func newCompletionCommand() *cobra.Command {
	shells := []string{"bash", "zsh", "fish", "powershell"}
	return &cobra.Command{
		Use:   "completion bash|zsh|fish|powershell",
		Short: "Print a shell's completion script",
		Long: `Print the script that lets a shell complete commands, flags and what they take:
architectures, recipes, runs, checkpoints, files. Load it in the shell's startup
file, or put it where the shell looks for such scripts.`,
		Example: `  source <(vggtrain completion bash)    # in ~/.bashrc
  source <(vggtrain completion zsh)     # in ~/.zshrc, after compinit
  vggtrain completion zsh > "${fpath[1]}/_vggtrain"
  vggtrain completion fish > ~/.config/fish/completions/vggtrain.fish
  vggtrain completion powershell | Out-String | Invoke-Expression`,
		Args:      arguments("SHELL"),
		ValidArgs: shells,
		RunE: func(cmd *cobra.Command, args []string) error {
			root, out := cmd.Root(), cmd.OutOrStdout()
			switch args[0] {
			case "bash":
				fmt.Fprint(out, bashWithoutPackage)
				return root.GenBashCompletionV2(out, true)
			case "zsh":
				return root.GenZshCompletion(out)
			case "fish":
				return root.GenFishCompletion(out, true)
			case "powershell":
				return root.GenPowerShellCompletionWithDesc(out)
			}
			return wrongUsage("unknown shell %q%s", args[0], suggestion(args[0], shells))
		},
	}
}

// bashWithoutPackage stands before Cobra's script for bash, which calls a function of the package
// bash-completion: where that is not installed, this takes its place. It splits the words as they
// stand, except for = and :, which bash takes for words of their own.
const bashWithoutPackage = `if ! declare -F _init_completion >/dev/null && ! declare -F _get_comp_words_by_ref >/dev/null; then
    _get_comp_words_by_ref()
    {
        local word i
        words=() cword=0
        for ((i = 0; i <= COMP_CWORD; i++)); do
            word=${COMP_WORDS[i]-}
            # Part of the word before: a separator, or what follows one, with no blank between.
            if ((i > 1)) && [[ $word == [:=]* || ${words[cword]} == *[:=] ]] &&
                [[ ${COMP_LINE:0:COMP_POINT} == *"${words[cword]}$word"* ]]; then
                words[cword]+=$word
            else
                words+=("$word")
                cword=$((${#words[@]} - 1))
            fi
        done
        cur=${words[cword]} prev=
        ((cword == 0)) || prev=${words[cword - 1]}
    }
fi
`
