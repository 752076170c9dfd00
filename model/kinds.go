package model

import (
	"gorgonia.org/gorgonia"

	"vggtrain/blocks"
	"vggtrain/internal/op"
)

// halving is the max-pool that convolutions compute as they store.
var halving = blocks.MaxPool2d{Kernel: 2, Stride: 2}

// kinds has an entry for each kind of layer: to add one, add its type to package blocks, its
// operation to internal/op and an entry here.
var kinds = []*kind{
	{
		word:  "conv",
		takes: image, part: convolutions, fuses: []blocks.Layer{blocks.ReLU{}, halving},
		operations: of[blocks.Conv2d]{
			numbers: func(l *blocks.Conv2d) []number {
				return []number{
					whole("out", &l.Out, channelBound),
					whole("kernel", &l.Kernel, bound{"pixels of kernel", 1, 32}),
					whole("stride", &l.Stride, strideBound).or(1),
					whole("padding", &l.Padding, bound{"pixels of padding", 0, 31}).or(0),
				}
			},
			lower: func(l blocks.Conv2d, g *lowering) (*gorgonia.Node, error) {
				return g.Conv(g.x, g.params[0], g.params[1], op.ConvConfig{
					Kernel: l.Kernel, Stride: l.Stride, Padding: l.Padding, ReLU: g.fused > 0, Pool: g.fused > 1,
				})
			},
			onnx: func(l blocks.Conv2d) Operation {
				return Operation{"Conv", windowed(l, Attribute{"dilations", []int{1, 1}}, Attribute{"group", 1})}
			},
		},
	},
	{
		word: "relu",
		operations: of[blocks.ReLU]{
			lower: func(_ blocks.ReLU, g *lowering) (*gorgonia.Node, error) { return g.ReLU(g.x) },
			onnx:  func(blocks.ReLU) Operation { return Operation{Operator: "Relu"} },
		},
	},
	{
		word: "sigmoid",
		operations: of[blocks.Sigmoid]{
			lower: func(_ blocks.Sigmoid, g *lowering) (*gorgonia.Node, error) { return g.Sigmoid(g.x) },
			onnx:  func(blocks.Sigmoid) Operation { return Operation{Operator: "Sigmoid"} },
		},
	},
	{
		word: "maxpool", takes: image,
		operations: of[blocks.MaxPool2d]{
			numbers: func(l *blocks.MaxPool2d) []number { return poolNumbers(&l.Kernel, &l.Stride) },
			lower: func(l blocks.MaxPool2d, g *lowering) (*gorgonia.Node, error) {
				return g.MaxPool(g.x, l.Kernel, l.Stride)
			},
			onnx: func(l blocks.MaxPool2d) Operation { return Operation{"MaxPool", windowed(l)} },
		},
	},
	{
		word: "avgpool", takes: image,
		operations: of[blocks.AvgPool2d]{
			numbers: func(l *blocks.AvgPool2d) []number { return poolNumbers(&l.Kernel, &l.Stride) },
			lower: func(l blocks.AvgPool2d, g *lowering) (*gorgonia.Node, error) {
				return g.AvgPool(g.x, l.Kernel, l.Stride)
			},
			onnx: func(l blocks.AvgPool2d) Operation { return Operation{"AveragePool", windowed(l)} },
		},
	},
	{
		word: "lrn", takes: image,
		operations: of[blocks.LocalResponseNorm]{
			numbers: func(l *blocks.LocalResponseNorm) []number {
				return []number{
					whole("size", &l.Size, bound{"channels of size", 1, 32}),
					real("alpha", &l.Alpha, interval{"alpha", "number", 0, 1000, 0.0001}).or(0.0001),
					real("beta", &l.Beta, interval{"beta", "number", 0, 10, 0.75}).or(0.75),
					real("k", &l.K, interval{"k", "number", 0.001, 1000, 1}).or(1.0),
				}
			},
			lower: func(l blocks.LocalResponseNorm, g *lowering) (*gorgonia.Node, error) {
				return g.LRN(g.x, l.Size, l.Alpha, l.Beta, l.K)
			},
			onnx: func(l blocks.LocalResponseNorm) Operation {
				if l.Size%2 == 0 { // ONNX's channels are then others: one fewer before, one more behind
					return Operation{}
				}
				return Operation{"LRN", []Attribute{
					{"alpha", float32(l.Alpha)}, {"beta", float32(l.Beta)}, {"bias", float32(l.K)}, {"size", l.Size},
				}}
			},
		},
	},
	{
		word: "flatten", takes: image, flattens: true,
		operations: of[blocks.Flatten]{
			lower: func(_ blocks.Flatten, g *lowering) (*gorgonia.Node, error) { return g.Flatten(g.x) },
			onnx:  func(blocks.Flatten) Operation { return Operation{"Flatten", []Attribute{{"axis", 1}}} },
		},
	},
	{
		word:  "linear",
		takes: row, mixes: true, part: dense, fuses: []blocks.Layer{blocks.ReLU{}},
		single: true, give: "give its features, such as linear: 120, or linear: classes for the last layer",
		open: Classes{}, openWord: "classes",
		operations: of[blocks.Linear]{
			numbers: func(l *blocks.Linear) []number {
				return []number{whole("features", &l.Out, bound{"features of a linear layer", 1, 65536})}
			},
			lower: func(_ blocks.Linear, g *lowering) (*gorgonia.Node, error) {
				return g.Dense(g.x, g.params[0], g.params[1], g.fused > 0)
			},
			onnx: func(blocks.Linear) Operation { return Operation{"Gemm", []Attribute{{"transB", 1}}} }, // x·Wᵀ + b
		},
	},
	{
		word: "dropout", training: true,
		single: true, open: ArchDropout{},
		operations: of[blocks.Dropout]{
			numbers: func(l *blocks.Dropout) []number { return []number{real("probability", &l.P, probability)} },
			lower:   func(l blocks.Dropout, g *lowering) (*gorgonia.Node, error) { return g.Dropout(g.x, l.P) },
		},
	},
}

var strideBound = bound{"pixels of stride", 1, 32}

// poolNumbers describe a pool, whose windows stand side by side unless a stride is given.
func poolNumbers(kernel, stride *int) []number {
	return []number{
		whole("kernel", kernel, bound{"pixels of kernel", 1, 16}),
		whole("stride", stride, strideBound).or(kernel),
	}
}
