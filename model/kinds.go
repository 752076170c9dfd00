package model

import (
	"fmt"

	"gorgonia.org/gorgonia"

	"vggtrain/blocks"
	"vggtrain/internal/op"
)

// halving is the max-pool that convolutions compute as they store.
var halving = blocks.MaxPool2d{Kernel: 2, Stride: 2}

// kinds has an entry for each kind of layer. To add one, add its type to package blocks, its
// operation to internal/op and internal/kernel, and an entry here.
var kinds = []*kind{
	define(
		kind{
			word: "conv", takes: image, part: convolutions, fuses: []blocks.Layer{blocks.ReLU{}, halving},
			numbers: []number{
				{"out", channelBound, ""},
				{"kernel", bound{whole, "pixels of kernel", 1, 32}, ""},
				{"stride", strideBound, "1"},
				{"padding", bound{whole, "pixels of padding", 0, 31}, "0"},
			},
		},
		func(l blocks.Conv2d, g *lowering) (*gorgonia.Node, error) {
			return g.Conv(g.x, g.params[0], g.params[1], op.ConvConfig{
				Kernel: l.Kernel, Stride: l.Stride, Padding: l.Padding, ReLU: g.fused > 0, Pool: g.fused > 1,
			})
		},
		func(l blocks.Conv2d) (Operation, error) {
			return Operation{"Conv", 11, windowed(l, Attribute{"dilations", []int{1, 1}}, Attribute{"group", 1})}, nil
		},
	),
	define(kind{word: "relu"},
		func(_ blocks.ReLU, g *lowering) (*gorgonia.Node, error) { return g.ReLU(g.x) },
		func(blocks.ReLU) (Operation, error) { return Operation{"Relu", 13, nil}, nil },
	),
	define(kind{word: "sigmoid"},
		func(_ blocks.Sigmoid, g *lowering) (*gorgonia.Node, error) { return g.Sigmoid(g.x) },
		func(blocks.Sigmoid) (Operation, error) { return Operation{"Sigmoid", 13, nil}, nil },
	),
	define(kind{word: "maxpool", takes: image, numbers: poolNumbers},
		func(l blocks.MaxPool2d, g *lowering) (*gorgonia.Node, error) {
			return g.MaxPool(g.x, l.Kernel, l.Stride)
		},
		func(l blocks.MaxPool2d) (Operation, error) { return Operation{"MaxPool", 12, windowed(l)}, nil },
	),
	define(kind{word: "avgpool", takes: image, numbers: poolNumbers},
		func(l blocks.AvgPool2d, g *lowering) (*gorgonia.Node, error) {
			return g.AvgPool(g.x, l.Kernel, l.Stride)
		},
		func(l blocks.AvgPool2d) (Operation, error) { return Operation{"AveragePool", 11, windowed(l)}, nil },
	),
	define(
		kind{word: "lrn", takes: image, numbers: []number{
			{"size", bound{whole, "channels of size", 1, 32}, ""},
			{"alpha", bound{"number", "alpha", 0, 1000}, "0.0001"},
			{"beta", bound{"number", "beta", 0, 10}, "0.75"},
			{"k", bound{"number", "k", 0.001, 1000}, "1"},
		}},
		func(l blocks.LocalResponseNorm, g *lowering) (*gorgonia.Node, error) {
			return g.LRN(g.x, l.Size, l.Alpha, l.Beta, l.K)
		},
		func(l blocks.LocalResponseNorm) (Operation, error) {
			if l.Size%2 == 0 {
				return Operation{}, fmt.Errorf("lrn of size %d; ONNX's and PyTorch's windows agree for odd sizes only", l.Size)
			}
			return Operation{"LRN", 13, []Attribute{
				{"alpha", float32(l.Alpha)}, {"beta", float32(l.Beta)}, {"bias", float32(l.K)}, {"size", l.Size},
			}}, nil
		},
	),
	define(kind{word: "flatten", takes: image, flattens: true},
		func(_ blocks.Flatten, g *lowering) (*gorgonia.Node, error) { return g.Flatten(g.x) },
		func(blocks.Flatten) (Operation, error) {
			return Operation{"Flatten", 13, []Attribute{{"axis", 1}}}, nil
		},
	),
	define(
		kind{
			word: "linear", takes: row, mixes: true, part: dense, fuses: []blocks.Layer{blocks.ReLU{}},
			numbers: []number{{"out", bound{whole, "features of a linear layer", 1, 65536}, ""}},
			open:    Classes{}, openWord: "classes",
		},
		func(_ blocks.Linear, g *lowering) (*gorgonia.Node, error) {
			return g.Dense(g.x, g.params[0], g.params[1], g.fused > 0)
		},
		func(blocks.Linear) (Operation, error) { // x·Wᵀ + b
			return Operation{"Gemm", 13, []Attribute{{"transB", 1}}}, nil
		},
	),
	define(kind{word: "dropout", training: true, numbers: []number{{"p", probability, ""}}, open: ArchDropout{}},
		func(l blocks.Dropout, g *lowering) (*gorgonia.Node, error) { return g.Dropout(g.x, l.P) },
		nil,
	),
}

var strideBound = bound{whole, "pixels of stride", 1, 32}

// poolNumbers are the numbers of a pool. The stride is the kernel's size unless it is given.
var poolNumbers = []number{
	{"kernel", bound{whole, "pixels of kernel", 1, 16}, ""},
	{"stride", strideBound, "kernel"},
}
