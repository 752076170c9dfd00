package kernel

// SGD holds the settings of one step of stochastic gradient descent.
type SGD struct {
	LR, Momentum, Decay float32
	Scale               float32 // multiplies the gradient first: 1, or less when clipping
	Nesterov            bool
}

// Update updates the weights w and the velocity v from the gradient g. v is nil without momentum. All
// have one length.
//
//	d := Scale·g + Decay·w
//	v = Momentum·v + d, and d = v or, with Nesterov's rule, d + Momentum·v   (if v is not nil)
//	w -= LR·d
//
// It uses the kernels of p, but runs on the calling goroutine only.
func (s SGD) Update(p *Workers, w, g, v []float32) { p.kernels.sgd(w, g, v, s) }

// SumSquares is Σ g², in float64. It uses the kernels of p, but runs on the calling goroutine only.
func SumSquares(p *Workers, g []float32) float64 { return p.kernels.sumSquares(g) }
