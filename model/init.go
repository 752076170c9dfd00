package model

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"vggtrain/blocks"
	"vggtrain/internal/rng"
)

// InitKinds lists the kinds of Init.
func InitKinds() []string { return []string{"xavier", "kaiming"} }

// Init draws the learned parameters from the seed. Constants and parameters that are not learned are
// set to their initial Value.
//
//   - xavier: weights U(±√(6/(fan_in+fan_out))) (Glorot & Bengio 2010, equation 16; PyTorch's
//     xavier_uniform_), biases U(±1/√fan_in), which is PyTorch's default: the chapter's setting.
//   - kaiming: weights U(±√(6/fan_in)), whose variance 2/fan_in keeps that of activations
//     through ReLU (He et al. 2015, equation 10; PyTorch's kaiming_uniform_ with nonlinearity
//     relu), biases 0.
//
// Fans are PyTorch's: of a convolution with a k×k kernel, channels times k². Each number depends
// only on the seed, its parameter's place among the learned ones and its index in PyTorch's order,
// not on how weights are stored or on the number of threads.
func (ps Params) Init(kind string, seed uint64) error {
	if !slices.Contains(InitKinds(), kind) {
		return fmt.Errorf("unknown initialisation %q; give one of %s", kind, strings.Join(InitKinds(), ", "))
	}
	stream, learned := rng.New(seed, rng.Init, 0), uint64(0)
	for _, p := range ps {
		p.Changed()
		if width := width(kind, p.Init); width > 0 {
			p.layout().fill(p.Data, stream.Split(learned), width)
		} else {
			for i := range p.Data {
				p.Data[i] = p.Init.Value
			}
		}
		if !p.Running {
			learned++
		}
	}
	return nil
}

// width is the bound of a parameter's uniform distribution U(±width); 0: it is set to its Value.
func width(kind string, i blocks.Init) float64 {
	xavier := kind == "xavier"
	switch {
	case i.Role == blocks.Weight && xavier:
		return math.Sqrt(6 / float64(i.FanIn+i.FanOut))
	case i.Role == blocks.Weight:
		return math.Sqrt(6 / float64(i.FanIn))
	case i.Role == blocks.Bias && xavier:
		return 1 / math.Sqrt(float64(i.FanIn))
	}
	return 0
}
