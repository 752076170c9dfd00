package blocks

import "fmt"

// Window is a square window that slides over height and width, each padded on both sides.
type Window struct{ Kernel, Stride, Padding int }

// Windowed is a layer with a sliding window, such as a convolution or a pool.
type Windowed interface {
	Layer
	Window() Window
}

// Output returns the number of the window's positions along an axis of the given size: ⌊(size +
// 2·padding - kernel) / stride⌋ + 1, or 0 if it does not fit.
func (w Window) Output(size int) int {
	room := size + 2*w.Padding - w.Kernel
	if room < 0 {
		return 0
	}
	return room/w.Stride + 1
}

// Input returns the smallest size, at least 1, of an axis with out positions of the window, out ≥ 1.
func (w Window) Input(out int) int {
	return max(1, (out-1)*w.Stride+w.Kernel-2*w.Padding)
}

// slide returns the shape that a layer makes of the image in: with the given channels, or with the
// image's own if that is 0.
func slide(l Windowed, in []int, channels int) ([]int, error) {
	if len(in) != 3 {
		return nil, notImage(l, in)
	}
	w := l.Window()
	if w.Kernel < 1 || w.Stride < 1 || w.Padding < 0 {
		return nil, fmt.Errorf("%s with kernel %d, stride %d, padding %d: kernel and stride must be at least 1, padding at least 0",
			Type(l), w.Kernel, w.Stride, w.Padding)
	}
	height, width := w.Output(in[1]), w.Output(in[2])
	if height == 0 || width == 0 {
		return nil, fmt.Errorf("%s's %dx%d window does not fit an image of %dx%d", Type(l), w.Kernel, w.Kernel, in[1], in[2])
	}
	if channels == 0 {
		channels = in[0]
	}
	return []int{channels, height, width}, nil
}

func notImage(l Layer, in []int) error {
	return fmt.Errorf("%s takes an image of shape [C H W], not %v: put it before Flatten", Type(l), in)
}
