package model

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"vggtrain/checkpoint"
	"vggtrain/internal/display"
)

// Load sets the parameters from a file's weights. Names and shapes must match: every parameter has a
// tensor, and every tensor a parameter. On an error no parameter is changed.
func (ps Params) Load(weights []checkpoint.Tensor) error {
	named, err := ps.accept(weights)
	if err != nil {
		return err
	}
	for _, p := range ps {
		p.Import(named[p.Name].Data)
	}
	return nil
}

// Tensors returns copies of the parameters in PyTorch's order, for Load and checkpoint.Write.
func (ps Params) Tensors(workers *Workers) ([]checkpoint.Tensor, error) {
	var tensors []checkpoint.Tensor
	for _, p := range ps {
		data := make([]float32, p.Len())
		if _, err := p.Export(workers, data); err != nil {
			return nil, err
		}
		tensors = append(tensors, checkpoint.Tensor{Name: p.Name, Shape: p.Shape, Data: data})
	}
	return tensors, nil
}

// CheckWeights returns the error of Load for these weights, without allocating the parameters of
// layers.
func CheckWeights(layers []Layer, weights []checkpoint.Tensor) error {
	_, err := specs(layers).accept(weights)
	return err
}

// accept returns the weights by name, or an error if names or shapes differ from the parameters'.
func (ps Params) accept(weights []checkpoint.Tensor) (map[string]checkpoint.Tensor, error) {
	named := make(map[string]checkpoint.Tensor, len(weights))
	for _, t := range weights {
		named[t.Name] = t
	}
	var missing, extra, misshaped, wrong []string
	known := map[string]bool{}
	for _, p := range ps {
		known[p.Name] = true
		switch t, ok := named[p.Name]; {
		case !ok:
			missing = append(missing, p.Name)
		case !slices.Equal(t.Shape, p.Shape) || len(t.Data) != p.Len():
			misshaped = append(misshaped, fmt.Sprintf("%s is %s and should be %s", p.Name, FormatShape(t.Shape), FormatShape(p.Shape)))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(named)) {
		if !known[name] {
			extra = append(extra, display.Line(name, display.Short))
		}
	}
	say := func(what string, items []string, most int) {
		if len(items) > 0 {
			wrong = append(wrong, what+display.Some(items[:min(most, len(items))], len(items)))
		}
	}
	say("missing ", missing, 3)
	say("unexpected ", extra, 3)
	say("", misshaped, 2)
	if wrong != nil {
		return nil, fmt.Errorf("weights of another network: %s; give the architecture, input and classes that they were made with",
			strings.Join(wrong, "; "))
	}
	return named, nil
}
