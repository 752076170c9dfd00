package model

import (
	"fmt"
	"math"
	"strings"

	"vggtrain/internal/rng"
)

// InitKinds lists the ways of drawing initial weights that Init knows.
func InitKinds() []string { return []string{"xavier", "kaiming"} }

// Init draws all parameters from the seed.
//
//   - xavier: weights U(±√(6/(fan_in+fan_out))) (Glorot & Bengio 2010, equation 16; PyTorch's
//     xavier_uniform_), biases U(±1/√fan_in), which is PyTorch's default: the chapter's setting.
//   - kaiming: weights U(±√(6/fan_in)), whose variance 2/fan_in keeps that of activations
//     through ReLU (He et al. 2015, equation 10; PyTorch's kaiming_uniform_ with nonlinearity
//     relu), biases 0.
//
// Fans are PyTorch's: of a convolution with a k×k kernel, channels times k². Each number depends
// only on the seed, its parameter's place in ps and its index in PyTorch's order, not on how
// weights are stored or on the number of threads.
func (ps Params) Init(kind string, seed uint64) error {
	var limit func(p *Param) float64
	switch kind {
	case "xavier":
		limit = xavierLimit
	case "kaiming":
		limit = kaimingLimit
	default:
		return fmt.Errorf("unknown initialisation %q; give one of %s", kind, strings.Join(InitKinds(), ", "))
	}
	stream := rng.New(seed, rng.Init, 0)
	for i, p := range ps {
		draws, width := stream.Split(uint64(i)), limit(p)
		if width == 0 {
			clear(p.Data())
			continue
		}
		p.layout().fill(p.Data(), draws, width)
	}
	return nil
}

func xavierLimit(p *Param) float64 {
	if len(p.Shape) == 1 {
		return 1 / math.Sqrt(float64(p.fanIn))
	}
	fanOut := p.Shape[0] * product(p.Shape[2:])
	return math.Sqrt(6 / float64(p.fanIn+fanOut))
}

func kaimingLimit(p *Param) float64 {
	if len(p.Shape) == 1 {
		return 0
	}
	return math.Sqrt(6 / float64(p.fanIn))
}
