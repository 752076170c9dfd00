package kernel

import "fmt"

// MaxPool is the shape of a max-pool of Kernel×Kernel windows without padding.
//
//	x   N×H×W×C        y   N×OH×OW×C, windows that do not fit are dropped
type MaxPool struct {
	N, H, W, C     int
	Kernel, Stride int
}

// Check says what is wrong with the shape, or nil.
func (m MaxPool) Check() error {
	if m.Kernel < 1 || m.Kernel > 16 || m.Stride < 1 || m.Stride > maxKernel {
		return fmt.Errorf("max-pool: kernel %d, stride %d: use a kernel of 1 to 16 and a stride of 1 to %d", m.Kernel, m.Stride, maxKernel)
	}
	if m.N < 1 || m.C < 1 || m.H < m.Kernel || m.W < m.Kernel {
		return fmt.Errorf("max-pool: a %d×%d image has no %d×%d window", m.H, m.W, m.Kernel, m.Kernel)
	}
	return nil
}

// Out is the height and width of the output.
func (m MaxPool) Out() (h, w int) {
	return (m.H-m.Kernel)/m.Stride + 1, (m.W-m.Kernel)/m.Stride + 1
}

// OutSize is the number of floats of the output.
func (m MaxPool) OutSize() int {
	h, w := m.Out()
	return m.N * h * w * m.C
}

// Forward computes y and argmax for the first rows images. argmax is the number of the window's
// largest pixel, counted row by row: the first of equals, the last NaN, as in PyTorch.
func (m MaxPool) Forward(p *Workers, y []float32, argmax []byte, x []float32, rows int) error {
	oh, ow := m.Out()
	return p.Run(rows*oh, func(_, piece int) {
		n, h := piece/oh, piece%oh
		for w := range ow {
			at := (piece*ow + w) * m.C
			to, best := y[at:][:m.C], argmax[at:][:m.C]
			for i := range m.Kernel * m.Kernel {
				from := x[m.pixel(n, h, w, i):][:m.C]
				if i == 0 {
					copy(to, from)
					clear(best)
					continue
				}
				for c, v := range from {
					if v > to[c] || v != v {
						to[c], best[c] = v, byte(i)
					}
				}
			}
		}
	})
}

// pixel is the offset in x of pixel i of output (h, w)'s window.
func (m MaxPool) pixel(n, h, w, i int) int {
	return ((n*m.H+h*m.Stride+i/m.Kernel)*m.W + w*m.Stride + i%m.Kernel) * m.C
}

// Gradient computes dx from dy for the first rows images; overlapping windows add up.
func (m MaxPool) Gradient(p *Workers, dx, dy []float32, argmax []byte, rows int) error {
	oh, ow := m.Out()
	image := m.H * m.W * m.C
	return p.Run(rows, func(_, n int) {
		clear(dx[n*image:][:image])
		for h := range oh {
			for w := range ow {
				at := ((n*oh+h)*ow + w) * m.C
				for c, g := range dy[at:][:m.C] {
					dx[m.pixel(n, h, w, int(argmax[at+c]))+c] += g
				}
			}
		}
	})
}
