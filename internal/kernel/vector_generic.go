package kernel

// The loops that are not multiplications. Each is the contract of the assembly of its name.
// Neighbouring pixels of src and dst are srcStride and dstStride floats apart.

// addGeneric is dst[i] += src[i].
func addGeneric(dst, src []float32) {
	src = src[:len(dst)]
	for i := range dst {
		dst[i] += src[i]
	}
}

// maskGeneric is the gradient of ReLU: dst = dy where y is positive or NaN, else 0, over
// pixels of cols channels.
func maskGeneric(dst, dy, y []float32, pixels, cols, dstStride, srcStride int) {
	for p := range pixels {
		to, from, out := dst[p*dstStride:][:cols], dy[p*srcStride:][:cols], y[p*srcStride:][:cols]
		for c, v := range out {
			if v <= 0 {
				to[c] = 0
			} else {
				to[c] = from[c]
			}
		}
	}
}

// maxPool2Generic pools 2×2 windows of two rows of pixels: dst[j] is the largest of
// top[2j], top[2j+1], bottom[2j], bottom[2j+1], each cols channels, and argmax[j] which of these
// four it was; the first of equals, and the last NaN if there is one, as PyTorch has it.
// Pixels are stride floats apart everywhere.
func maxPool2Generic(dst []float32, argmax []byte, top, bottom []float32, windows, cols, stride int) {
	for j := range windows {
		to, at := dst[j*stride:][:cols], argmax[j*stride:][:cols]
		copy(to, top[2*j*stride:][:cols])
		clear(at)
		for i, row := range [3][]float32{top[(2*j+1)*stride:], bottom[2*j*stride:], bottom[(2*j+1)*stride:]} {
			for c, v := range row[:cols] {
				if v > to[c] || v != v {
					to[c], at[c] = v, byte(i+1)
				}
			}
		}
	}
}

// unpool2Generic is the gradient of maxPool2: of each window's four pixels the one named by argmax
// gets dy, the others 0, and none where argmax is noPixel.
func unpool2Generic(top, bottom, dy []float32, argmax []byte, windows, cols, dstStride, srcStride int) {
	for j := range windows {
		from, at := dy[j*srcStride:][:cols], argmax[j*srcStride:][:cols]
		to := [4][]float32{
			top[2*j*dstStride:][:cols], top[(2*j+1)*dstStride:][:cols],
			bottom[2*j*dstStride:][:cols], bottom[(2*j+1)*dstStride:][:cols],
		}
		for c, g := range from {
			for i := range to {
				to[i][c] = 0
			}
			if at[c] < noPixel {
				to[at[c]][c] = g
			}
		}
	}
}

// sgdGeneric is SGD.Update. Products are rounded to float32 before they are added, so that no
// compiler fuses them.
func sgdGeneric(w, g, v []float32, s SGD) {
	g = g[:len(w)]
	for i, x := range w {
		d := float32(s.Scale*g[i]) + float32(s.Decay*x)
		if v != nil {
			v[i] = float32(s.Momentum*v[i]) + d
			if s.Nesterov {
				d += float32(s.Momentum * v[i])
			} else {
				d = v[i]
			}
		}
		w[i] = x - float32(s.LR*d)
	}
}

// sumSquaresGeneric is Σ src[i]², in float64.
func sumSquaresGeneric(src []float32) float64 {
	var sum float64
	for _, x := range src {
		sum += float64(x) * float64(x)
	}
	return sum
}

// transposeGeneric is dst[c*dstStride+r] = src[r*srcStride+c].
func transposeGeneric(dst, src []float32, rows, cols, dstStride, srcStride int) {
	for r := range rows {
		for c, x := range src[r*srcStride:][:cols] {
			dst[c*dstStride+r] = x
		}
	}
}
