package kernel

import "fmt"

// AvgPool is the shape of a mean over Kernel×Kernel windows without padding.
//
//	x   N×H×W×C        y   N×OH×OW×C, windows that do not fit are dropped
type AvgPool struct {
	N, H, W, C     int
	Kernel, Stride int
}

// Check says what is wrong with the shape, or nil.
func (a AvgPool) Check() error {
	if a.Kernel < 1 || a.Kernel > maxKernel || a.Stride < 1 || a.Stride > maxKernel {
		return fmt.Errorf("average pool: kernel %d, stride %d: use 1 to %d", a.Kernel, a.Stride, maxKernel)
	}
	if a.N < 1 || a.C < 1 || a.H < a.Kernel || a.W < a.Kernel {
		return fmt.Errorf("average pool: a %d×%d image has no %d×%d window", a.H, a.W, a.Kernel, a.Kernel)
	}
	return nil
}

// Out is the height and width of the output.
func (a AvgPool) Out() (h, w int) {
	return (a.H-a.Kernel)/a.Stride + 1, (a.W-a.Kernel)/a.Stride + 1
}

// Forward computes y for the first rows images. Each window is summed row by row, then divided by its
// number of pixels.
func (a AvgPool) Forward(p *Workers, y, x []float32, rows int) error {
	oh, ow := a.Out()
	pixels := float32(a.Kernel * a.Kernel)
	return p.Run(rows*oh, func(_, piece int) {
		n, h := piece/oh, piece%oh
		for w := range ow {
			to := y[(piece*ow+w)*a.C:][:a.C]
			clear(to)
			for i := range a.Kernel {
				row := x[((n*a.H+h*a.Stride+i)*a.W+w*a.Stride)*a.C:]
				for j := range a.Kernel {
					p.kernels.add(to, row[j*a.C:])
				}
			}
			for c := range to {
				to[c] /= pixels
			}
		}
	})
}

// Gradient computes dx from dy for the first rows images. A pixel gets its share of each window
// around it, the windows in order.
func (a AvgPool) Gradient(p *Workers, dx, dy []float32, rows int) error {
	oh, ow := a.Out()
	pixels := float32(a.Kernel * a.Kernel)
	return p.Run(rows*a.H, func(_, piece int) {
		n, h := piece/a.H, piece%a.H
		to := dx[piece*a.W*a.C:][:a.W*a.C]
		clear(to)
		first := max(0, (h-a.Kernel+a.Stride)/a.Stride) // of the rows of windows over row h
		for r := first; r < oh && r*a.Stride <= h; r++ {
			from := dy[(n*oh+r)*ow*a.C:]
			for w := range ow {
				for j := range a.Kernel {
					p.kernels.add(to[(w*a.Stride+j)*a.C:][:a.C], from[w*a.C:])
				}
			}
		}
		for i := range to {
			to[i] /= pixels
		}
	})
}
