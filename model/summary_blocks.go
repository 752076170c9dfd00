package model

import (
	"slices"
	"strings"

	"vggtrain/blocks"
)

// blocksOf cuts layers into blocks: a block ends before a convolution that follows a pooling or a
// stride in it, and before Flatten; Flatten and what comes after it is the last block.
func blocksOf(layers []Layer) [][]Layer {
	var list [][]Layer
	first, smaller := 0, false // whether the block has made its image smaller
	for i := range layers {
		window, windowed := layers[i].Module.(blocks.Windowed)
		k := layers[i].kind()
		conv := k.part == convolutions
		if i > first && (conv && smaller || k.flattens) {
			list = append(list, layers[first:i])
			first, smaller = i, false
		}
		smaller = smaller || windowed && (!conv || window.Window().Stride > 1)
	}
	return append(list, layers[first:])
}

// groups returns one row for each feature block, then one for each layer of the classifier. rows
// are those of layers.
func groups(layers []Layer, rows []SummaryLayer) []SummaryLayer {
	var list []SummaryLayer
	for _, block := range blocksOf(layers) {
		n := len(block)
		if len(block[0].Out) == 1 {
			list = append(list, rows[:n]...)
		} else {
			list = append(list, group(block, rows[:n]))
		}
		rows = rows[n:]
	}
	return list
}

// group returns the row of a block: a VGGBlock if its layers are those, else PyTorch's Sequential; a
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
		list = append(list, layers[i].Module)
		if layers[i].kind().part == convolutions {
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
