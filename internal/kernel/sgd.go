package kernel

// SGD is the settings of one step of stochastic gradient descent.
type SGD struct {
	LR, Momentum, Decay float32
	Scale               float32 // multiplies the gradient first: 1, or less when clipping
	Nesterov            bool
}

// Update updates the weights w, and the velocity v if there is one (else nil), from the
// gradient g, all equally long, on the kernels of p and the calling goroutine alone:
//
//	d := Scale·g + Decay·w
//	v = Momentum·v + d, and d = v or, with Nesterov's rule, d + Momentum·v   (if v is given)
//	w -= LR·d
func (s SGD) Update(p *Workers, w, g, v []float32) { p.kernels.sgd(w, g, v, s) }

// SumSquares is Σ g², each square and the sum in float64, on the kernels of p and the
// calling goroutine alone.
func SumSquares(p *Workers, g []float32) float64 { return p.kernels.sumSquares(g) }
