package kernel

import "fmt"

// Conv is the shape of a 2-D convolution of N images of H×W pixels and C channels with OC
// filters of Kernel×Kernel, and what is fused to its store.
//
//	x   N×H×W×C            y   N×OH×OW×OC, or N×OH/2×OW/2×OC if pooled
//	w   (Kernel·Kernel·C)×OC in panels, row (kh·Kernel+kw)·C+c        b   OC
//
// The products are those of torch.nn.functional.conv2d: no flip, zeros outside.
type Conv struct {
	N, H, W, C, OC          int
	Kernel, Stride, Padding int
	ReLU                    bool
	Pool                    bool // 2×2 max-pool of stride 2 after the ReLU; odd last rows and columns are dropped
}

// noPixel is the argmax of a pooled window that ReLU makes 0: none of its four pixels gets the
// gradient.
const noPixel = 4

// streamBytes is the size from which no cache holds an output until it is read.
const streamBytes = 16 << 20

// streamed reports whether n floats of output are stored to y past the caches.
func streamed(y []float32, n int) bool { return 4*n >= streamBytes && aligned(y) }

// Bounds of a convolution's hyperparameters.
const (
	maxKernel = 64
	maxExtent = 1 << 16
)

// Check says what is wrong with the shape, or nil.
func (c Conv) Check() error {
	for _, v := range []struct {
		name      string
		got, most int
	}{
		{"images", c.N, maxExtent}, {"height", c.H, maxExtent}, {"width", c.W, maxExtent},
		{"input channels", c.C, maxExtent}, {"output channels", c.OC, maxExtent},
		{"kernel", c.Kernel, maxKernel}, {"stride", c.Stride, maxKernel},
	} {
		if v.got < 1 || v.got > v.most {
			return fmt.Errorf("convolution: %s of %d: use 1 to %d", v.name, v.got, v.most)
		}
	}
	if c.Padding < 0 || c.Padding > maxKernel {
		return fmt.Errorf("convolution: padding of %d: use 0 to %d", c.Padding, maxKernel)
	}
	if c.H+2*c.Padding < c.Kernel || c.W+2*c.Padding < c.Kernel {
		return fmt.Errorf("convolution: a %d×%d image with padding %d is smaller than the %d×%d kernel", c.H, c.W, c.Padding, c.Kernel, c.Kernel)
	}
	if oh, ow := c.Out(); oh < 1 || ow < 1 {
		return fmt.Errorf("convolution: its output has no whole 2×2 window to pool")
	}
	return nil
}

// full is the height and width of the output before the pool.
func (c Conv) full() (h, w int) {
	return (c.H+2*c.Padding-c.Kernel)/c.Stride + 1, (c.W+2*c.Padding-c.Kernel)/c.Stride + 1
}

// Out is the height and width of the output.
func (c Conv) Out() (h, w int) {
	h, w = c.full()
	if c.Pool {
		return h / 2, w / 2
	}
	return h, w
}

// WeightRows is the K of the weight matrix: Kernel·Kernel·C.
func (c Conv) WeightRows() int { return c.Kernel * c.Kernel * c.C }

// OutSize is the number of floats of the output.
func (c Conv) OutSize() int {
	h, w := c.Out()
	return c.N * h * w * c.OC
}

// InSize is the number of floats of the input.
func (c Conv) InSize() int { return c.N * c.H * c.W * c.C }

// grid cuts a convolution's output pixels into pieces and a piece into tiles. A piece is `images`
// images by `strip` rows of output. A tile's rows are neighbouring pixels of one row or, where rows
// are short, one pixel of several images.
type grid struct {
	n, h, w        int // output images, rows, columns
	images, strip  int
	across         bool // tile rows run across images
	groups, strips int
}

// stripBytes bounds the input strip of a piece, to stay in the L2 cache beside the weights.
const stripBytes = 256 << 10

// newGrid cuts n images of h×w output pixels into tiles of tileRows rows. inRow is the floats of a
// padded input row, halo the input rows that a strip needs besides stride for each of its own, and
// even asks for strips of an even number of rows. Results do not depend on the cut: an output is a
// sum of its own.
func newGrid(tileRows, n, h, w, inRow, stride, halo int, even bool) grid {
	g := grid{n: n, h: h, w: w, images: 1}
	if n > 1 && 7*w < 6*tileRows { // more than a seventh of a tile would stand idle: take its rows from several images
		g.across = true
		chunks := (n + tileRows - 1) / tileRows
		g.images = (n + chunks - 1) / chunks
	}
	rows := max(1, (stripBytes/4/g.images/inRow-halo)/stride)
	if even {
		rows = max(2, rows&^1)
	}
	strips := (h + rows - 1) / rows
	g.strip = (h + strips - 1) / strips
	if even {
		g.strip = (g.strip + 1) &^ 1
	}
	g.strips = (h + g.strip - 1) / g.strip
	g.groups = (n + g.images - 1) / g.images
	return g
}

// pieces is the number of pieces.
func (g grid) pieces() int { return g.groups * g.strips }

// span is a piece's images [n0, n1), at most rows of them, and output rows [h0, h1).
func (g grid) span(piece, images int) (n0, n1, h0, h1 int) {
	n0 = piece / g.strips * g.images
	h0 = piece % g.strips * g.strip
	return n0, min(n0+g.images, images), h0, min(h0+g.strip, g.h)
}

// each calls tile for the tiles of a piece of count images and rows rows: the first pixel
// (image, row and column in the piece) and the number of tile rows.
func (g grid) each(count, rows int, tile func(n, h, w, tileRows int)) {
	if g.across {
		for h := range rows {
			for w := range g.w {
				tile(0, h, w, count)
			}
		}
		return
	}
	for n := range count {
		for h := range rows {
			tile(n, h, 0, g.w)
		}
	}
}
