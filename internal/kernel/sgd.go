package kernel

// SGD is the settings of one step of stochastic gradient descent.
type SGD struct {
	LR, Momentum, Decay float32
	Scale               float32 // multiplies the gradient first: 1, or less when clipping
	Nesterov            bool
}

// elements is how many parameters a piece of an update or a sum covers.
const elements = 1 << 15

// Step updates the weights w, and the velocity v if there is one, from the gradient g, all
// equally long:
//
//	d := Scale·g + Decay·w
//	v = Momentum·v + d, and d = v or, with Nesterov's rule, d + Momentum·v   (if v is given)
//	w -= LR·d
func (s SGD) Step(p *Pool, w, g, v []float32) error {
	return p.Run((len(w)+elements-1)/elements, func(_, piece int) {
		from, to := piece*elements, min(len(w), (piece+1)*elements)
		var velocity []float32
		if v != nil {
			velocity = v[from:to]
		}
		sgd(p.isa, w[from:to], g[from:to], velocity, s)
	})
}

// SumSquares is Σ g², summed in float64 in an order that the length alone decides.
// partial is work space: one element for each 32 Ki of g.
func SumSquares(p *Pool, g []float32, partial []float64) (float64, error) {
	pieces := (len(g) + elements - 1) / elements
	err := p.Run(pieces, func(_, piece int) {
		partial[piece] = sumSquares(p.isa, g[piece*elements:min(len(g), (piece+1)*elements)])
	})
	var sum float64
	for _, x := range partial[:pieces] {
		sum += x
	}
	return sum, err
}
