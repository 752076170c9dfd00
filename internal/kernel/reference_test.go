// Every numeric operation of training by its definition. Read it before the kernels: their tests hold
// them to it.
//
// All numbers are float64. Shape letters: N images or rows, H×W pixels, C channels; images are
// N×H×W×C, matrices row-major.

package kernel

import "math"

// refConv is the shape of a 2-D convolution (torch.nn.functional.conv2d: no flip, zeros outside).
//
//	x   N×H×W×C        w   Kernel×Kernel×C×OC        b   OC        y   N×OH×OW×OC
type refConv struct {
	N, H, W, C, OC          int
	Kernel, Stride, Padding int
}

// refDense is the shape of a fully connected layer: a convolution of images of one pixel.
//
//	x   N×In        w   In×Out        b   Out        y   N×Out
func refDense(n, in, out int) refConv {
	return refConv{N: n, H: 1, W: 1, C: in, OC: out, Kernel: 1, Stride: 1}
}

// Out is the height and width of the output.
func (c refConv) Out() (h, w int) {
	return (c.H+2*c.Padding-c.Kernel)/c.Stride + 1, (c.W+2*c.Padding-c.Kernel)/c.Stride + 1
}

// products calls f for every product x[j]·w[k+o] that y[i+o] is a sum of, once for all output
// channels o. The three passes differ in nothing but which of the three is unknown.
func (c refConv) products(f func(i, j, k int)) {
	oh, ow := c.Out()
	for y := range c.N * oh * ow {
		n, h, w := y/(oh*ow), y/ow%oh, y%ow
		for tap := range c.Kernel * c.Kernel {
			ih, iw := h*c.Stride-c.Padding+tap/c.Kernel, w*c.Stride-c.Padding+tap%c.Kernel
			if ih < 0 || ih >= c.H || iw < 0 || iw >= c.W {
				continue
			}
			for ch := range c.C {
				f(y*c.OC, ((n*c.H+ih)*c.W+iw)*c.C+ch, (tap*c.C+ch)*c.OC)
			}
		}
	}
}

// Forward is y[n,h,w,o] = b[o] + Σ x[n, h·S-P+kh, w·S-P+kw, c] · w[kh,kw,c,o].
func (c refConv) Forward(x, w, b []float64) []float64 {
	oh, ow := c.Out()
	y := make([]float64, c.N*oh*ow*c.OC)
	for i := range y {
		y[i] = b[i%c.OC]
	}
	c.products(func(i, j, k int) {
		for o := range c.OC {
			y[i+o] += x[j] * w[k+o]
		}
	})
	return y
}

// InputGradient is dx from dy.
func (c refConv) InputGradient(dy, w []float64) []float64 {
	dx := make([]float64, c.N*c.H*c.W*c.C)
	c.products(func(i, j, k int) {
		for o := range c.OC {
			dx[j] += dy[i+o] * w[k+o]
		}
	})
	return dx
}

// WeightGradient is dw and db from dy.
func (c refConv) WeightGradient(x, dy []float64) (dw, db []float64) {
	dw, db = make([]float64, c.Kernel*c.Kernel*c.C*c.OC), make([]float64, c.OC)
	c.products(func(i, j, k int) {
		for o := range c.OC {
			dw[k+o] += dy[i+o] * x[j]
		}
	})
	for i, g := range dy {
		db[i%c.OC] += g
	}
	return dw, db
}

// refPool is the shape of a pooling of Kernel×Kernel windows. Windows that do not fit are dropped.
//
//	x   N×H×W×C        y   N×OH×OW×C
type refPool struct {
	N, H, W, C     int
	Kernel, Stride int
}

// windows calls f for every y[i] with the x[j] of its window, row by row.
func (p refPool) windows(f func(i int, window []int)) {
	oh, ow := (p.H-p.Kernel)/p.Stride+1, (p.W-p.Kernel)/p.Stride+1
	window := make([]int, p.Kernel*p.Kernel)
	for i := range p.N * oh * ow * p.C {
		n, h, w, c := i/(oh*ow*p.C), i/(ow*p.C)%oh, i/p.C%ow, i%p.C
		for j := range window {
			window[j] = ((n*p.H+h*p.Stride+j/p.Kernel)*p.W+w*p.Stride+j%p.Kernel)*p.C + c
		}
		f(i, window)
	}
}

// Max is each window's largest, and its number in the window: the first of equals, the last NaN
// (torch.nn.functional.max_pool2d).
func (p refPool) Max(x []float64) (y []float64, argmax []int) {
	p.windows(func(_ int, window []int) {
		largest := 0
		for j, at := range window {
			if best := x[window[largest]]; x[at] > best || x[at] != x[at] {
				largest = j
			}
		}
		y, argmax = append(y, x[window[largest]]), append(argmax, largest)
	})
	return y, argmax
}

// MaxGradient is dx: the gradient of a window goes to its largest.
func (p refPool) MaxGradient(dy []float64, argmax []int) []float64 {
	dx := make([]float64, p.N*p.H*p.W*p.C)
	p.windows(func(i int, window []int) { dx[window[argmax[i]]] += dy[i] })
	return dx
}

// Mean is each window's mean.
func (p refPool) Mean(x []float64) (y []float64) {
	p.windows(func(_ int, window []int) {
		sum := 0.0
		for _, at := range window {
			sum += x[at]
		}
		y = append(y, sum/float64(len(window)))
	})
	return y
}

// MeanGradient is dx: the gradient of a window goes to its pixels in equal parts.
func (p refPool) MeanGradient(dy []float64) []float64 {
	dx := make([]float64, p.N*p.H*p.W*p.C)
	p.windows(func(i int, window []int) {
		for _, at := range window {
			dx[at] += dy[i] / float64(len(window))
		}
	})
	return dx
}

// refReLU is max(x, 0). NaN stays NaN.
func refReLU(x float64) float64 {
	if x < 0 {
		return 0
	}
	return x
}

// refReLUGradient is dx where y = refReLU(x): dy if y is positive or NaN, else 0.
func refReLUGradient(dy, y float64) float64 {
	if y <= 0 {
		return 0
	}
	return dy
}

// refSigmoid is 1/(1+e⁻ˣ).
func refSigmoid(x float64) float64 { return 1 / (1 + math.Exp(-x)) }

// refSigmoidGradient is dx where y = refSigmoid(x).
func refSigmoidGradient(dy, y float64) float64 { return dy * y * (1 - y) }

// refLRN is a local response normalisation over Size channels (torch.nn.LocalResponseNorm;
// Krizhevsky, Sutskever & Hinton 2012, section 3.3):
//
//	y[c] = x[c]·s[c]^-Beta, s[c] = K + Alpha/Size·Σ x[j]², j from c-Size/2 to c+(Size-1)/2
type refLRN struct {
	Size           int
	Alpha, Beta, K float64
}

// window is the channels that s[c] is a sum over, and s[c] itself, of the channels x of a pixel.
func (l refLRN) window(x []float64, c int) (from, to int, s float64) {
	from, to = max(0, c-l.Size/2), min(len(x), c+(l.Size-1)/2+1)
	for _, v := range x[from:to] {
		s += v * v
	}
	return from, to, l.K + l.Alpha/float64(l.Size)*s
}

// Forward is y of a pixel.
func (l refLRN) Forward(x []float64) (y []float64) {
	for c, v := range x {
		_, _, s := l.window(x, c)
		y = append(y, v*math.Pow(s, -l.Beta))
	}
	return y
}

// Gradient is dx of a pixel: each y[c] depends on x[c] and, by s[c], on all of its window.
func (l refLRN) Gradient(dy, x []float64) []float64 {
	dx := make([]float64, len(x))
	for c, g := range dy {
		from, to, s := l.window(x, c)
		dx[c] += g * math.Pow(s, -l.Beta)
		for j := from; j < to; j++ {
			dx[j] -= g * x[c] * l.Beta * math.Pow(s, -l.Beta-1) * l.Alpha / float64(l.Size) * 2 * x[j]
		}
	}
	return dx
}

// refSoftmax is eˣ over the sum of all eˣ of a row.
func refSoftmax(row []float64) []float64 {
	p, sum := make([]float64, len(row)), 0.0
	for _, x := range row {
		sum += math.Exp(x)
	}
	for i, x := range row {
		p[i] = math.Exp(x) / sum
	}
	return p
}

// refCrossEntropy is the loss -Σ q·ln p of a row of logits, and its gradient p - q, where p is their
// softmax and q the label's distribution: 1 at the label, of which smoothing is shared out to all
// classes (torch.nn.functional.cross_entropy with label_smoothing).
func refCrossEntropy(logits []float64, label int, smoothing float64) (loss float64, gradient []float64) {
	p := refSoftmax(logits)
	for i := range p {
		q := smoothing / float64(len(p))
		if i == label {
			q += 1 - smoothing
		}
		loss -= q * math.Log(p[i])
		gradient = append(gradient, p[i]-q)
	}
	return loss, gradient
}

// refDropout is number i of a tensor after dropout: 0 where 32 random bits are below drop, else x·scale.
// Numbers 2i and 2i+1 take the lower and upper half of word i.
func refDropout(x float64, i int, word func(i uint64) uint64, drop uint32, scale float64) float64 {
	if bits := uint32(word(uint64(i)/2) >> (i % 2 * 32)); bits < drop {
		return 0
	}
	return x * scale
}

// refSGD is a weight and its velocity after a step of stochastic gradient descent from the gradient g
// (torch.optim.SGD):
//
//	d = scale·g + decay·w        scale: 1, or less when gradients are clipped
//	v = momentum·v + d           decay of the weights, not of the rate
//	w = w - lr·v, or with Nesterov's rule w - lr·(d + momentum·v)
func refSGD(w, g, v, lr, momentum, decay, scale float64, nesterov bool) (weight, velocity float64) {
	d := scale*g + decay*w
	v = momentum*v + d
	if nesterov {
		return w - lr*(d+momentum*v), v
	}
	return w - lr*v, v
}
