package main

import (
	"cmp"
	"encoding/hex"
	"fmt"

	"vggtrain/dataset"
	"vggtrain/internal/display"
	"vggtrain/internal/trained"
)

// isOwn reports whether data are those that a network was trained on.
func isOwn(n *trained.Network, data *dataset.Data) bool {
	return n.DataDigest == hex.EncodeToString(data.Digest[:])
}

// matched returns the data with the network's classes. Labels without names, as IDX files have them,
// are the network's own in its own data, and Fashion-MNIST's numbers for a network that was trained on
// those.
func matched(n *trained.Network, checkpoint string, data *dataset.Data) (*dataset.Data, error) {
	other, err := data.Match(n.Classes)
	if err == nil {
		return other, nil
	}
	if isOwn(n, data) && len(data.Classes) == len(n.Classes) {
		own := *data
		own.Classes = n.Classes
		return &own, nil
	}
	if numbered := data.MatchNumbers(n.Classes); numbered != nil && (n.Garments || isOwn(n, data)) {
		return numbered, nil
	}
	advice := "give images of these with --data"
	if n.DataSpec != "" {
		advice = "it was trained on --data " + display.ShellWord(n.DataSpec)
	}
	return nil, fmt.Errorf("%w, the classes of %s: %s", err, checkpoint, advice)
}

// splitFor returns the set that eval scores and its name. "" is test if there is one, else what the run
// scored. Of the run's own data, train and val are what the run trained on and held out.
func splitFor(n *trained.Network, data *dataset.Data, split string) (dataset.Source, string, error) {
	sets := &dataset.Division{Train: data.Train, Test: data.Test, Scored: data.Val, Split: "val", How: "the val set"}
	if n.Run != nil && isOwn(n, data) {
		var err error
		if sets, err = dataset.Divide(data, n.Run.Val, n.Run.Seed); err != nil {
			return nil, "", err
		}
	}
	named := map[string]dataset.Source{"train": sets.Train, "test": data.Test}
	if sets.Split == "val" {
		named["val"] = sets.Scored
	}
	if split == "" {
		for _, name := range []string{"test", "val", "train"} {
			if set := named[name]; set != nil && set.Len() > 0 {
				return set, name, nil
			}
		}
	}
	set := named[split]
	switch {
	case set != nil && set.Len() > 0:
		return set, split, nil
	case split == "val" && n.Run != nil && isOwn(n, data):
		return nil, "", fmt.Errorf("--split val: the run scored %s: give --split %s", sets.How, sets.Split)
	}
	return nil, "", fmt.Errorf("--split %s: %s has none: give another --split", cmp.Or(split, "test"), display.Name(data.Origin))
}
