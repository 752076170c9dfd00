package model

import (
	"gorgonia.org/gorgonia"

	"vggtrain/blocks"
	"vggtrain/internal/op"
)

// halving is the max-pool that convolutions compute as they store.
var halving = blocks.MaxPool2d{Kernel: 2, Stride: 2}

// kinds has an entry for each kind of layer. To add one, add its type to package blocks, its
// operation to internal/op and internal/kernel, and an entry here.
var kinds = []*kind{
	define(kind{word: "conv", takes: image, part: convolutions, fuses: []blocks.Layer{blocks.ReLU{}, halving}},
		func(l *blocks.Conv2d) []number {
			return []number{
				whole("out", &l.Out, channelBound, ""),
				whole("kernel", &l.Kernel, bound{"pixels of kernel", 1, 32}, ""),
				whole("stride", &l.Stride, strideBound, "1"),
				whole("padding", &l.Padding, bound{"pixels of padding", 0, 31}, "0"),
			}
		},
		func(l blocks.Conv2d, g *lowering) (*gorgonia.Node, error) {
			return g.Conv(g.x, g.params[0], g.params[1], op.ConvConfig{
				Kernel: l.Kernel, Stride: l.Stride, Padding: l.Padding, ReLU: g.fused > 0, Pool: g.fused > 1,
			})
		},
		func(l blocks.Conv2d) Operation {
			return Operation{"Conv", windowed(l, Attribute{"dilations", []int{1, 1}}, Attribute{"group", 1})}
		},
	),
	define(kind{word: "relu"},
		nil,
		func(_ blocks.ReLU, g *lowering) (*gorgonia.Node, error) { return g.ReLU(g.x) },
		func(blocks.ReLU) Operation { return Operation{Operator: "Relu"} },
	),
	define(kind{word: "sigmoid"},
		nil,
		func(_ blocks.Sigmoid, g *lowering) (*gorgonia.Node, error) { return g.Sigmoid(g.x) },
		func(blocks.Sigmoid) Operation { return Operation{Operator: "Sigmoid"} },
	),
	define(kind{word: "maxpool", takes: image},
		func(l *blocks.MaxPool2d) []number { return poolNumbers(&l.Kernel, &l.Stride) },
		func(l blocks.MaxPool2d, g *lowering) (*gorgonia.Node, error) {
			return g.MaxPool(g.x, l.Kernel, l.Stride)
		},
		func(l blocks.MaxPool2d) Operation { return Operation{"MaxPool", windowed(l)} },
	),
	define(kind{word: "avgpool", takes: image},
		func(l *blocks.AvgPool2d) []number { return poolNumbers(&l.Kernel, &l.Stride) },
		func(l blocks.AvgPool2d, g *lowering) (*gorgonia.Node, error) {
			return g.AvgPool(g.x, l.Kernel, l.Stride)
		},
		func(l blocks.AvgPool2d) Operation { return Operation{"AveragePool", windowed(l)} },
	),
	define(kind{word: "lrn", takes: image},
		func(l *blocks.LocalResponseNorm) []number {
			return []number{
				whole("size", &l.Size, bound{"channels of size", 1, 32}, ""),
				real("alpha", &l.Alpha, interval{"alpha", "number", 0, 1000, 0.0001}, "0.0001"),
				real("beta", &l.Beta, interval{"beta", "number", 0, 10, 0.75}, "0.75"),
				real("k", &l.K, interval{"k", "number", 0.001, 1000, 1}, "1"),
			}
		},
		func(l blocks.LocalResponseNorm, g *lowering) (*gorgonia.Node, error) {
			return g.LRN(g.x, l.Size, l.Alpha, l.Beta, l.K)
		},
		func(l blocks.LocalResponseNorm) Operation {
			if l.Size%2 == 0 { // ONNX's channels are then others: one fewer before, one more behind
				return Operation{}
			}
			return Operation{"LRN", []Attribute{
				{"alpha", float32(l.Alpha)}, {"beta", float32(l.Beta)}, {"bias", float32(l.K)}, {"size", l.Size},
			}}
		},
	),
	define(kind{word: "flatten", takes: image, flattens: true},
		nil,
		func(_ blocks.Flatten, g *lowering) (*gorgonia.Node, error) { return g.Flatten(g.x) },
		func(blocks.Flatten) Operation { return Operation{"Flatten", []Attribute{{"axis", 1}}} },
	),
	define(
		kind{
			word: "linear", takes: row, mixes: true, part: dense, fuses: []blocks.Layer{blocks.ReLU{}},
			single: true, give: "give its features, such as linear: 120, or linear: classes for the last layer",
			open: Classes{}, openWord: "classes",
		},
		func(l *blocks.Linear) []number {
			return []number{whole("features", &l.Out, bound{"features of a linear layer", 1, 65536}, "")}
		},
		func(_ blocks.Linear, g *lowering) (*gorgonia.Node, error) {
			return g.Dense(g.x, g.params[0], g.params[1], g.fused > 0)
		},
		func(blocks.Linear) Operation { return Operation{"Gemm", []Attribute{{"transB", 1}}} }, // x·Wᵀ + b
	),
	define(kind{word: "dropout", training: true, single: true, open: ArchDropout{}},
		func(l *blocks.Dropout) []number { return []number{real("probability", &l.P, probability, "")} },
		func(l blocks.Dropout, g *lowering) (*gorgonia.Node, error) { return g.Dropout(g.x, l.P) },
		nil,
	),
}

var strideBound = bound{"pixels of stride", 1, 32}

// poolNumbers describe a pool, whose windows stand side by side unless a stride is given.
func poolNumbers(kernel, stride *int) []number {
	return []number{
		whole("kernel", kernel, bound{"pixels of kernel", 1, 16}, ""),
		whole("stride", stride, strideBound, "kernel"),
	}
}
