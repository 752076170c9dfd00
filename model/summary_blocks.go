package model

import (
	"slices"
	"strings"

	"vggtrain/blocks"
)

// groups is the rows of a network block by block: one for the layers up to and including each
// pooling, or before Flatten, then one for Flatten and each layer after it. rows are those of layers.
func groups(layers []Layer, rows []SummaryLayer) []SummaryLayer {
	var list []SummaryLayer
	first := 0
	for i := range layers {
		end := i + 1
		switch {
		case len(layers[i].Out) == 1:
			list = append(list, rows[i])
		case pools(&layers[i]) || end == len(layers) || len(layers[end].Out) == 1:
			list = append(list, group(layers[first:end], rows[first:end]))
		default:
			continue
		}
		first = end
	}
	return list
}

// pools reports whether a layer slides a window without weights.
func pools(l *Layer) bool {
	_, ok := l.Layer.(blocks.Windowed)
	return ok && l.Weight == nil
}

// group is the row of a block: a VGGBlock if its layers are those, else PyTorch's Sequential; a
// single layer stays what it is.
func group(layers []Layer, rows []SummaryLayer) SummaryLayer {
	if len(rows) == 1 {
		return rows[0]
	}
	last := rows[len(rows)-1]
	row := SummaryLayer{
		Name: rows[0].Name + "-" + last.Name[strings.LastIndexByte(last.Name, '.')+1:], Type: "Sequential",
		Output: last.Output, ReceptiveField: last.ReceptiveField, Stride: last.Stride,
	}
	var list []blocks.Layer
	for i := range layers {
		list = append(list, layers[i].Layer)
		if _, ok := layers[i].Layer.(blocks.Conv2d); ok {
			row.Convolutions++
		}
		row.Params += rows[i].Params
		row.MACs += rows[i].MACs
	}
	if slices.Equal(list, blocks.VGGBlock(row.Convolutions, last.Output[1])) {
		row.Type = "VGGBlock"
	}
	return row
}
