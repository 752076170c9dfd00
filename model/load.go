package model

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"vggtrain/checkpoint"
	"vggtrain/internal/display"
)

// Load sets the parameters from a file's weights. Every parameter must be there by its name and
// with its shape, and no tensor may be left over. On an error no parameter is changed.
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

// Tensors returns copies of the parameters as a file holds them, which Load reads.
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

// CheckWeights returns the error that loading the weights into the parameters of layers would give.
func CheckWeights(layers []Layer, weights []checkpoint.Tensor) error {
	_, err := specs(layers).accept(weights)
	return err
}

// accept returns the weights by their names, or an error if they are not those of the parameters.
func (ps Params) accept(weights []checkpoint.Tensor) (map[string]checkpoint.Tensor, error) {
	named := make(map[string]checkpoint.Tensor, len(weights))
	for _, t := range weights {
		named[t.Name] = t
	}
	var missing, misshaped []string
	extra := maps.Clone(named)
	for _, p := range ps {
		t, ok := named[p.Name]
		delete(extra, p.Name)
		switch {
		case !ok:
			missing = append(missing, p.Name)
		case !slices.Equal(t.Shape, p.Shape) || len(t.Data) != p.Len():
			misshaped = append(misshaped, fmt.Sprintf("%s is %s and should be %s", p.Name, FormatShape(t.Shape), FormatShape(p.Shape)))
		}
	}
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
		return nil, fmt.Errorf("weights of another network: %s; give the architecture, input and classes that they were made with",
			strings.Join(wrong, "; "))
	}
	return named, nil
}

// first joins the first n items, and counts the others.
func first(items []string, n int) string {
	if len(items) <= n {
		return strings.Join(items, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(items[:n], ", "), len(items)-n)
}
