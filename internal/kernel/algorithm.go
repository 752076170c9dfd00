package kernel

// Algorithm is a way of computing a pass of a layer.
type Algorithm string

// The algorithms.
const (
	Direct   Algorithm = "direct"
	Winograd Algorithm = "winograd F(4×4,3×3)"
	Narrow   Algorithm = "narrow" // one input channel or three: see narrow.go
)

// costs are the constants of a set of kernels for the choice of an algorithm. The unit of time is a
// multiply-add of the register tile.
type costs struct {
	input, output float64 // Winograd's transforms: of a channel of a tile
	filter        float64 // its transform of a filter, once a call

	// Winograd's products are made plane by plane if in·out/(in+out) is larger: a tile's patches
	// and products take (in+out) floats a plane to write and read again, the filters, which are
	// read for each block otherwise, in·out.
	planeMajorChannels int
	planeMajorBytes    int // of the planes of a chunk of tiles, at most, except one tile row
	narrowChannels     int // input channels of a narrow convolution, at most
}

// measured is the costs on AVX-512, where a core does 32 multiply-adds a cycle. AVX2 and plain Go use
// the same: other choices would change their results. A new instruction set may bring its own.
var measured = costs{
	input: 200, output: 300, filter: 1500,
	planeMajorChannels: 150, planeMajorBytes: 64 << 20, narrowChannels: narrowChannels,
}

// ForwardAlgorithm is the algorithm of Forward on the workers p. Here and in all methods for
// algorithms and sizes, a nil p means the best kernels.
func (c Conv) ForwardAlgorithm(p *Workers) Algorithm {
	if c.narrow(p.plan()) {
		return Narrow
	}
	h, w := c.full()
	return c.algorithm(p.plan().costs, h, w, c.C, c.OC)
}

// InputAlgorithm is the algorithm of InputGradient.
func (c Conv) InputAlgorithm(p *Workers) Algorithm {
	return c.algorithm(p.plan().costs, c.H, c.W, c.OC, c.C)
}

// WeightAlgorithm is the algorithm of WeightGradient.
func (c Conv) WeightAlgorithm(p *Workers) Algorithm { return c.ForwardAlgorithm(p) }

// algorithm is the cheaper one for a convolution from in channels to h×w pixels of out channels. It
// estimates from the shape and never measures time, so that results are the same in every run. The
// number of images counts, too: in batches of another size an image's results may differ by rounding.
func (c Conv) algorithm(cost costs, h, w, in, out int) Algorithm {
	if c.Kernel != 3 || c.Stride != 1 || c.Padding > 2 {
		return Direct
	}
	tiles := float64((h+winogradTile-1)/winogradTile) * float64((w+winogradTile-1)/winogradTile)
	filters, pixels := float64(in)*float64(out), float64(h)*float64(w)
	direct := float64(c.N) * pixels * 9 * filters
	transforms := cost.input*float64(in) + cost.output*float64(out)
	if float64(c.N)*tiles*(planes*filters+transforms)+cost.filter*filters < direct {
		return Winograd
	}
	return Direct
}
