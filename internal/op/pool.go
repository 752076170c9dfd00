package op

import (
	"fmt"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"vggtrain/internal/kernel"
)

// AvgPool adds the mean of size×size windows, stride pixels apart, without padding.
//
//	x   N×H×W×C        y   N×OH×OW×C   (torch.nn.functional.avg_pool2d)
func (g *Graph) AvgPool(x *gorgonia.Node, size, stride int) (*gorgonia.Node, error) {
	xs := x.Shape()
	if xs.Dims() != 4 || xs[0] != g.batch {
		return nil, fmt.Errorf("op: average pool of %v, batch %d", xs, g.batch)
	}
	shape := kernel.AvgPool{N: xs[0], H: xs[1], W: xs[2], C: xs[3], Kernel: size, Stride: stride}
	if err := shape.Check(); err != nil {
		return nil, fmt.Errorf("op: %w", err)
	}
	oh, ow := shape.Out()
	return g.unary("AvgPool", x, tensor.Shape{shape.N, oh, ow, shape.C}, nothing,
		func(y, x []float32) error { return shape.Forward(g.workers, y, x, g.rows) },
		func(dx, dy, _ []float32) error { return shape.Gradient(g.workers, dx, dy, g.rows) })
}

// MaxPool adds a max-pool of size×size windows, stride pixels apart, without padding.
//
//	x   N×H×W×C        y   N×OH×OW×C   (torch.nn.functional.max_pool2d)
func (g *Graph) MaxPool(x *gorgonia.Node, size, stride int) (*gorgonia.Node, error) {
	xs := x.Shape()
	if xs.Dims() != 4 || xs[0] != g.batch {
		return nil, fmt.Errorf("op: max-pool of %v, batch %d", xs, g.batch)
	}
	shape := kernel.MaxPool{N: xs[0], H: xs[1], W: xs[2], C: xs[3], Kernel: size, Stride: stride}
	if err := shape.Check(); err != nil {
		return nil, fmt.Errorf("op: %w", err)
	}
	oh, ow := shape.Out()
	argmax := newByteBuffer(shape.N, oh, ow, shape.C)
	return g.unary("MaxPool", x, argmax.shape, output, // it reads argmax, which y is written with
		func(y, x []float32) error { return shape.Forward(g.workers, y, argmax.bytes, x, g.rows) },
		func(dx, dy, _ []float32) error { return shape.Gradient(g.workers, dx, dy, argmax.bytes, g.rows) }, argmax)
}
