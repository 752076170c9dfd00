package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"vggtrain/configs"
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

// loadArch reads the architecture of that name, or in that file.
func loadArch(name string) (*model.Arch, error) { return parseArch(configs.Network{Name: name}) }

// checkSide looks whether the network takes the data's images at the side that --resize gives.
func checkSide(arch *model.Arch, side int, data *dataset.Data) error {
	if _, err := model.Resolve(arch, data.Channels(), side, side, len(data.Classes)); err != nil {
		return fmt.Errorf("--resize %d: %w", side, err)
	}
	return nil
}

// parseArch reads the architecture that a setting names or spells out.
func parseArch(network configs.Network) (*model.Arch, error) {
	file, text, err := network.Load()
	if err != nil {
		return nil, err
	}
	return model.ParseArch(file, text)
}
