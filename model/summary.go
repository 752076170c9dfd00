package model

import (
	"fmt"
	"slices"
	"strings"

	"vggtrain/blocks"
)

// Summary holds a network's shapes and counts. Its JSON is that of `vggtrain summary --format json`.
type Summary struct {
	Arch   string         `json:"arch"`
	Input  [4]int         `json:"input"` // N, C, H, W
	Layers []SummaryLayer `json:"layers"`
	// Blocks has a row for each block of layers, see blocksOf, then one for Flatten and each layer of
	// the classifier.
	Blocks []SummaryLayer `json:"blocks,omitempty"`
	Totals
}

// Totals are a network's counts over all layers.
type Totals struct {
	Params      int64 `json:"params"`
	MACs        int64 `json:"macs"`  // of convolution and linear layers, for the batch
	FLOPs       int64 `json:"flops"` // 2 × MACs
	WeightBytes int64 `json:"weight_bytes"`
	// TrainBytes is the memory of a training step: the weights, the planned buffers for activations,
	// gradients and work space, and a batch of images. It leaves out the data set, the program and
	// the optimiser's state.
	TrainBytes int64 `json:"train_bytes"`
}

// SummaryLayer is one layer, listed as in PyTorch even if operations are fused, or a block.
type SummaryLayer struct {
	Name   string `json:"name"`   // features.0, or features.0-2 of a block
	Type   string `json:"type"`   // Conv2d; VGGBlock or Sequential
	Output []int  `json:"output"` // [N, C, H, W] or [N, F]
	Params int64  `json:"params"`
	MACs   int64  `json:"macs"`
	// ReceptiveField is the height and width of one output's receptive field, in pixels, see
	// receptiveFields. Stride is the distance between the fields of neighbours; 0 after Flatten.
	ReceptiveField [2]int `json:"receptive_field"`
	Stride         int    `json:"stride,omitempty"`
	Convolutions   int    `json:"convolutions,omitempty"` // of a block
}

// Summarize resolves a for a batch of the given shape and counts its costs. Errors are Resolve's.
func Summarize(a *Arch, in Input, classes int) (*Summary, error) {
	layers, err := Resolve(a, in.C, in.H, in.W, classes)
	if err != nil {
		return nil, err
	}
	return SummarizeLayers(a.Name, layers, in.N)
}

// SummarizeLayers is like Summarize, for resolved layers and a batch of n images.
func SummarizeLayers(network string, layers []Layer, n int) (*Summary, error) {
	if err := inputBounds[0].size(n); err != nil {
		return nil, fmt.Errorf("batch: %w", err)
	}
	image := layers[0].In
	s := &Summary{Arch: network, Input: [4]int{n, image[0], image[1], image[2]}}
	fields := receptiveFields(layers)
	for i, l := range layers {
		s.Params += l.Params
		s.MACs += l.MACs
		s.Layers = append(s.Layers, SummaryLayer{
			Name: l.Name, Type: l.Type, Output: append([]int{n}, l.Out...),
			Params: l.Params, MACs: int64(n) * l.MACs,
			ReceptiveField: fields[i].size, Stride: fields[i].stride,
		})
	}
	s.Blocks = groups(layers, s.Layers)
	if s.MACs > maxMACs/int64(n) {
		return nil, fmt.Errorf("%s: more than %d multiply-adds for %d images; use a smaller batch or input", network, maxMACs, n)
	}
	s.MACs *= int64(n)
	s.FLOPs = 2 * s.MACs
	ps := specs(layers)
	s.WeightBytes = 4 * ps.Count()
	trainer, err := planTrainer(nil, layers, ps, TrainerOptions{Batch: n, Dropout: true})
	if err != nil {
		return nil, err
	}
	s.TrainBytes = s.WeightBytes + trainer.PlannedBytes() + imageBytes(layers, n)
	return s, nil
}

// EvaluationBytes is the memory of an evaluation in batches of n images, counted as in TrainBytes.
func EvaluationBytes(layers []Layer, n int) (int64, error) {
	if err := check(layers, n); err != nil {
		return 0, err
	}
	stages, ps := fuse(layers), specs(layers)
	e, err := planEvaluator(nil, stages, ps, n, chunk(stages, n))
	if err != nil {
		return 0, err
	}
	return 4*ps.Count() + e.PlannedBytes() + imageBytes(layers, n), nil
}

// imageBytes is the bytes of a batch of n images.
func imageBytes(layers []Layer, n int) int64 { return 4 * int64(n) * int64(blocks.Size(layers[0].In)) }

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

// groups returns one row for each feature block, then one for each layer of the classifier. rows has
// one for each of layers.
func groups(layers []Layer, rows []SummaryLayer) (list []SummaryLayer) {
	for _, block := range blocksOf(layers) {
		n := len(block)
		if n == 1 || len(block[0].Out) == 1 {
			list = append(list, rows[:n]...)
		} else {
			list = append(list, group(block, rows[:n]))
		}
		rows = rows[n:]
	}
	return list
}

// group returns the row of a block, called VGGBlock if it is one, else Sequential.
func group(layers []Layer, rows []SummaryLayer) SummaryLayer {
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
