package kernel

// Algorithm names how a pass of a layer is computed.
type Algorithm string

// The algorithms.
const (
	Direct   Algorithm = "direct"
	Winograd Algorithm = "winograd F(4×4,3×3)"
	Narrow   Algorithm = "narrow" // direct, few input channels: see narrow.go

	winogradApart Algorithm = "winograd, planes apart" // for tests: see convolveApart
)

// ForwardAlgorithm is the algorithm of Forward.
func (c Conv) ForwardAlgorithm() Algorithm {
	if c.only == "" && c.narrow() {
		return Narrow
	}
	h, w := c.full()
	return c.algorithm(h, w, c.C, c.OC)
}

// InputAlgorithm is the algorithm of InputGradient.
func (c Conv) InputAlgorithm() Algorithm { return c.algorithm(c.H, c.W, c.OC, c.C) }

// WeightAlgorithm is the algorithm of WeightGradient.
func (c Conv) WeightAlgorithm() Algorithm { return c.ForwardAlgorithm() }

// The cost of Winograd's transforms, in multiply-adds that take as long: measured on AVX-512,
// where a core does 32 of these a cycle.
const (
	inputCost  = 200  // a channel of a tile
	outputCost = 300  // a channel of a tile
	filterCost = 1500 // a filter, once a call
)

// algorithm is the cheaper one for a convolution from in channels to h×w pixels of out
// channels: by an estimate from the shape, never by a stopwatch, so that results are the same
// in every run. The number of images counts, too: in batches of another size an image's results
// may differ by rounding.
func (c Conv) algorithm(h, w, in, out int) Algorithm {
	if c.Kernel != 3 || c.Stride != 1 || c.Padding > 2 || c.only == Direct {
		return Direct
	}
	if c.only == Winograd || c.only == winogradApart {
		return Winograd
	}
	tiles := float64((h+winogradTile-1)/winogradTile) * float64((w+winogradTile-1)/winogradTile)
	filters, pixels := float64(in)*float64(out), float64(h)*float64(w)
	direct := float64(c.N) * pixels * 9 * filters
	transforms := inputCost*float64(in) + outputCost*float64(out)
	if float64(c.N)*tiles*(planes*filters+transforms)+filterCost*filters < direct {
		return Winograd
	}
	return Direct
}
