package kernel

import "math"

// activationPiece is the size of a piece in numbers.
const activationPiece = 1 << 14

// eachNumber calls f for pieces [from, to) that cover n numbers.
func eachNumber(p *Workers, n int, f func(from, to int)) error {
	return p.Run((n+activationPiece-1)/activationPiece, func(_, piece int) {
		f(piece*activationPiece, min(n, (piece+1)*activationPiece))
	})
}

// ReLU is y = max(x, 0) for all numbers of y. What is NaN stays NaN.
func ReLU(p *Workers, y, x []float32) error { return ReLUGradient(p, y, x, x) }

// ReLUGradient is dx = dy where y is positive or NaN, else 0.
func ReLUGradient(p *Workers, dx, dy, y []float32) error {
	return eachNumber(p, len(dx), func(from, to int) {
		n := to - from
		p.kernels.mask(dx[from:to], dy[from:to], y[from:to], 1, n, n, n)
	})
}

// Sigmoid is y = 1/(1+exp(-x)) for all numbers of y, rounded once.
func Sigmoid(p *Workers, y, x []float32) error {
	return eachNumber(p, len(y), func(from, to int) {
		out := y[from:to]
		for i, v := range x[from:to] {
			out[i] = float32(1 / (1 + math.Exp(-float64(v))))
		}
	})
}

// SigmoidGradient is dx = dy·y·(1-y).
func SigmoidGradient(p *Workers, dx, dy, y []float32) error {
	return eachNumber(p, len(dx), func(from, to int) {
		out, grad := dx[from:to], dy[from:to]
		for i, v := range y[from:to] {
			out[i] = grad[i] * (v * (1 - v))
		}
	})
}
