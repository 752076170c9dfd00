package model

import "fmt"

// Summary counts what a network holds and does, in the fields of `vggtrain summary --json`.
type Summary struct {
	Arch        string         `json:"arch"`
	Input       [4]int         `json:"input"` // N, C, H, W
	Layers      []SummaryLayer `json:"layers"`
	Params      int64          `json:"params"`
	MACs        int64          `json:"macs"`  // of convolution and linear layers, for the batch
	FLOPs       int64          `json:"flops"` // 2 × MACs
	WeightBytes int64          `json:"weight_bytes"`
	// TrainBytes is what training holds for the batch: weights and their gradients; the input;
	// and of each operation of the graph what its backward pass reads, so that a convolution
	// with ReLU and max-pool counts the pooled output and one byte an element for where the
	// largest value stood. Buffers that live within one operation are not counted.
	TrainBytes int64 `json:"train_bytes"`
}

// SummaryLayer is one layer as PyTorch would list it, however operations are fused.
type SummaryLayer struct {
	Name   string `json:"name"`   // features.0
	Type   string `json:"type"`   // Conv2d
	Output []int  `json:"output"` // [N, C, H, W] or [N, F]
	Params int64  `json:"params"`
	MACs   int64  `json:"macs"`
}

// Summarize resolves a for a batch of the given shape and counts. Its errors are Resolve's.
func Summarize(a *Arch, in Input, classes int) (*Summary, error) {
	layers, err := Resolve(a, in.C, in.H, in.W, classes)
	if err != nil {
		return nil, err
	}
	return SummarizeLayers(a.Name, layers, in.N)
}

// SummarizeLayers counts a network of any resolved layers for a batch of n images.
func SummarizeLayers(network string, layers []Layer, n int) (*Summary, error) {
	if err := inputBounds[0].check(n); err != nil {
		return nil, fmt.Errorf("batch: %w", err)
	}
	stages, err := fuse(layers)
	if err != nil {
		return nil, err
	}
	image := layers[0].In
	s := &Summary{Arch: network, Input: [4]int{n, image[0], image[1], image[2]}}
	for _, l := range layers {
		s.Params += l.Params
		s.MACs += l.MACs
		s.Layers = append(s.Layers, SummaryLayer{
			Name: l.Name, Type: l.Type, Output: append([]int{n}, l.Out...),
			Params: l.Params, MACs: int64(n) * l.MACs,
		})
	}
	if s.MACs > maxMACs/int64(n) {
		return nil, fmt.Errorf("%s: more than %d multiply-adds for %d images; use a smaller batch or input", network, maxMACs, n)
	}
	s.MACs *= int64(n)
	s.FLOPs = 2 * s.MACs
	s.WeightBytes = 4 * s.Params
	kept := 4 * int64(product(image))
	for i := range stages {
		kept += stages[i].keptBytes()
	}
	s.TrainBytes = 2*s.WeightBytes + int64(n)*kept
	return s, nil
}
