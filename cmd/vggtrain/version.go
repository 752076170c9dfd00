package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"

	"vggtrain/internal/kernel"
)

// released is the version of a release, which scripts/release.sh has the
// linker put here; empty in all other builds. Nothing writes to it.
var released string

type versionOptions struct {
	JSON bool
	Out  io.Writer
}

// buildRecord is the document of version --json.
type buildRecord struct {
	Version  string   `json:"version"`
	Commit   string   `json:"commit"`   // "": not built from a clone
	Date     string   `json:"date"`     // of the commit
	Modified bool     `json:"modified"` // files differed from the commit
	Go       string   `json:"go"`
	OS       string   `json:"os"`
	Arch     string   `json:"arch"`
	Kernels  []string `json:"kernels"` // that run here, fastest first
}

func newVersionCommand(run func(context.Context, *versionOptions) error) *cobra.Command {
	o := &versionOptions{}
	cmd := &cobra.Command{
		Use:   "version",
		Short: "Print the version, what it was built from and what it can use",
		Example: `  vggtrain version
  vggtrain version --json`,
		Args: arguments(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			o.Out = cmd.OutOrStdout()
			return run(cmd.Context(), o)
		},
	}
	jsonFlag(cmd, &o.JSON, "print one JSON document")
	return cmd
}

// addVersionFlag lets root take --version, which many programs have, for the
// command version.
func addVersionFlag(root *cobra.Command) {
	asked := root.Flags().Bool("version", false, "as the command version")
	_ = root.Flags().MarkHidden("version")
	otherwise := root.RunE
	root.RunE = func(cmd *cobra.Command, args []string) error {
		if *asked {
			return runVersion(cmd.Context(), &versionOptions{Out: cmd.OutOrStdout()})
		}
		return otherwise(cmd, args)
	}
}

func runVersion(_ context.Context, o *versionOptions) error {
	b := thisBuild()
	if o.JSON {
		return writeJSON(o.Out, b)
	}
	return b.write(o.Out)
}

// thisBuild tells what this program was built from.
func thisBuild() buildRecord {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		info = &debug.BuildInfo{}
	}
	return describeBuild(info, released)
}

// describeBuild tells what a program was built from. The version is the
// release's, else what the go command recorded of the module: a tag, a
// pseudo-version made of the commit's time and name, or (devel).
func describeBuild(info *debug.BuildInfo, released string) buildRecord {
	b := buildRecord{
		Version: cmp.Or(released, info.Main.Version, "(unknown)"), Go: runtime.Version(), OS: runtime.GOOS, Arch: runtime.GOARCH,
		Kernels: kernel.Available(),
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			b.Commit = s.Value
		case "vcs.time":
			b.Date = s.Value
		case "vcs.modified":
			b.Modified = s.Value == "true"
		}
	}
	return b
}

// write writes the record for people; its first line has been the same since the first version.
func (b buildRecord) write(w io.Writer) error {
	commit := "unknown"
	if b.Commit != "" {
		commit = fmt.Sprintf("%s of %s", b.Commit, b.Date)
	}
	if b.Modified {
		commit += ", modified"
	}
	_, err := fmt.Fprintf(w, "vggtrain %s %s %s/%s\ncommit   %s\nkernels  %s\n",
		b.Version, b.Go, b.OS, b.Arch, commit, strings.Join(b.Kernels, ", "))
	return err
}
