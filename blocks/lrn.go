package blocks

import "fmt"

// LocalResponseNorm divides each value by a power of the squares around it: of Size channels at the
// same pixel, Size/2 of them before its own (Krizhevsky et al. 2012, section 3.3, with PyTorch's
// Alpha, which is Size times the paper's):
//
//	y = x / (K + Alpha/Size · Σ x²)^Beta
type LocalResponseNorm struct {
	Parameterless
	Size           int
	Alpha, Beta, K float64
}

// Output is the input's shape, an image's.
func (l LocalResponseNorm) Output(in []int) ([]int, error) {
	if len(in) != 3 {
		return nil, notImage(l, in)
	}
	if l.Size < 1 || !(l.K > 0) || !(l.Alpha >= 0) {
		return nil, fmt.Errorf("LocalResponseNorm of size %d, k %v, alpha %v: size must be at least 1, k above 0, alpha at least 0", l.Size, l.K, l.Alpha)
	}
	return in, nil
}
