package model

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"vggtrain/internal/display"
)

// Tensor is a tensor as files hold it: row-major in a shape of PyTorch's.
type Tensor struct {
	Shape []int
	Data  []float32
}

// Load sets the parameters from tensors by PyTorch's names. Every parameter must be there with
// its shape, and no tensor may be left over, except those whose name has a slash: they are the
// state of a training run. On an error no parameter is changed.
func (ps Params) Load(tensors map[string]Tensor) error {
	if err := ps.accept(tensors); err != nil {
		return err
	}
	for _, p := range ps {
		p.Import(tensors[p.Name].Data)
	}
	return nil
}

// CheckWeights looks whether tensors by PyTorch's names are what the parameters of layers can be
// loaded from.
func CheckWeights(layers []Layer, tensors map[string]Tensor) error {
	ps, err := specs(layers)
	if err != nil {
		return err
	}
	return ps.accept(tensors)
}

// accept looks whether the parameters can be loaded from tensors.
func (ps Params) accept(tensors map[string]Tensor) error {
	var missing, misshaped []string
	extra := maps.Clone(tensors)
	for _, p := range ps {
		t, ok := tensors[p.Name]
		delete(extra, p.Name)
		switch {
		case !ok:
			missing = append(missing, p.Name)
		case !slices.Equal(t.Shape, p.Shape) || len(t.Data) != p.Len():
			misshaped = append(misshaped, fmt.Sprintf("%s is %s and should be %s", p.Name, FormatShape(t.Shape), FormatShape(p.Shape)))
		}
	}
	maps.DeleteFunc(extra, func(name string, _ Tensor) bool { return strings.Contains(name, "/") })
	var wrong []string
	if len(missing) > 0 {
		wrong = append(wrong, "missing "+first(missing, 3))
	}
	if len(extra) > 0 {
		names := slices.Sorted(maps.Keys(extra))
		for i := range names {
			names[i] = display.Line(names[i], display.Short)
		}
		wrong = append(wrong, "unexpected "+first(names, 3))
	}
	if len(misshaped) > 0 {
		wrong = append(wrong, first(misshaped, 2))
	}
	if len(wrong) > 0 {
		return fmt.Errorf("weights of another network: %s; give the architecture, input and classes that they were made with",
			strings.Join(wrong, "; "))
	}
	return nil
}

// first joins the first n items and counts the rest.
func first(items []string, n int) string {
	if len(items) <= n {
		return strings.Join(items, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(items[:n], ", "), len(items)-n)
}
