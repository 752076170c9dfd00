package runstate

import (
	"fmt"
	"slices"
	"strings"

	"vggtrain/checkpoint"
	"vggtrain/model"
)

// optimizerPrefix begins the names of the optimiser's state: optimizer/momentum/features.0.weight.
const optimizerPrefix = "optimizer/"

func slotName(slot, param string) string { return optimizerPrefix + slot + "/" + param }

// part is a parameter or a parameter's slot, under its name in checkpoint.bin.
type part struct {
	*model.Param
	name string
}

// partsOf lists the parameters, then the slots.
func partsOf(params model.Params, slots []model.Slot) []part {
	var list []part
	for _, p := range params {
		list = append(list, part{p, p.Name})
	}
	for _, slot := range slots {
		for _, p := range slot.Values {
			list = append(list, part{p, slotName(slot.Name, p.Name)})
		}
	}
	return list
}

// nameSlots renames the tensors of a file from before slots had names: optimizer/NAME is a momentum.
func nameSlots(state *checkpoint.State) {
	for i := range state.Tensors {
		name := &state.Tensors[i].Name
		if param, ok := strings.CutPrefix(*name, optimizerPrefix); ok && !strings.Contains(param, "/") {
			*name = slotName("momentum", param)
		}
	}
}

// checkSlots returns an error unless the optimiser's tensors are exactly the run's slots of each
// learned parameter.
func (c *Checkpoint) checkSlots() error {
	want := 0
	for _, slot := range c.Settings.Optimizer.Slots() {
		for _, layer := range c.Layers {
			for _, p := range layer.Specs {
				if p.Running {
					continue
				}
				name := slotName(slot, p.Name)
				if t := c.state.Tensor(name); t == nil || !slices.Equal(t.Shape, p.Shape) {
					return fmt.Errorf("no %.60q of the shape of %.60q", name, p.Name)
				}
				want++
			}
		}
	}
	if got := len(c.state.Tensors) - len(c.state.Weights()); got != want {
		return fmt.Errorf("%d tensors of the optimiser's state, want %d", got, want)
	}
	return nil
}
