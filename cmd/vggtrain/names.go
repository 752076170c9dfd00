package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"vggtrain/dataset"
	"vggtrain/model"
)

// defaultArch and defaultRecipe are what the flags mean when they are not given.
const (
	defaultArch   = "vgg11"
	defaultRecipe = "fast"
)

// archFlag adds --arch, which names an architecture or a file that holds one.
func archFlag(cmd *cobra.Command, target *string) {
	textFlag(cmd, target, "arch", "NAME|FILE.yaml", defaultArch, "network")
}

// checkSide looks whether the network takes the data's images at the side that --resize gives.
func checkSide(arch *model.Arch, side int, data *dataset.Data) error {
	if _, err := model.Resolve(arch, data.Channels(), side, side, len(data.Classes)); err != nil {
		return fmt.Errorf("--resize %d: %w", side, err)
	}
	return nil
}
