package kernel

import (
	"fmt"
	"math"
)

// LRN is the shape of a local response normalisation over Size channels, Size/2 before each one's
// own and (Size-1)/2 behind it. It computes in float64 and rounds once.
//
//	x, y   N×H×W×C        y = x·s^-Beta, s = K + Alpha/Size · Σ x² of the channels around it
type LRN struct {
	N, H, W, C     int
	Size           int
	Alpha, Beta, K float64
}

// maxLRN is the largest Size.
const maxLRN = 32

// Check says what is wrong with the shape, or nil.
func (l LRN) Check() error {
	if l.Size < 1 || l.Size > maxLRN || !(l.K > 0) || !(l.Alpha >= 0) {
		return fmt.Errorf("local response normalisation: size %d, k %v, alpha %v: use a size of 1 to %d, k above 0 and alpha at least 0",
			l.Size, l.K, l.Alpha, maxLRN)
	}
	if l.N < 1 || l.H < 1 || l.W < 1 || l.C < 1 {
		return fmt.Errorf("local response normalisation of %d×%d×%d×%d", l.N, l.H, l.W, l.C)
	}
	return nil
}

// Forward computes y for the first rows images.
func (l LRN) Forward(p *Workers, y, x []float32, rows int) error {
	return p.Run(rows*l.H, func(_, piece int) {
		for from := piece * l.W * l.C; from < (piece+1)*l.W*l.C; from += l.C {
			x, y := x[from:from+l.C], y[from:from+l.C]
			for c, v := range x {
				y[c] = float32(float64(v) * l.power(l.scale(x, c)))
			}
		}
	})
}

// Gradient computes dx from dy and x for the first rows images:
//
//	dx = dy·s^-Beta - 2·Alpha·Beta/Size · x · Σ dy·x·s^(-Beta-1) of the channels that x is around
func (l LRN) Gradient(p *Workers, dx, dy, x []float32, rows int) error {
	return p.Run(rows*l.H, func(_, piece int) {
		for from := piece * l.W * l.C; from < (piece+1)*l.W*l.C; from += l.C {
			l.pixelGradient(dx[from:from+l.C], dy[from:from+l.C], x[from:from+l.C])
		}
	})
}

// pixelGradient is Gradient for one pixel. Channel d's terms are computed once and kept while there
// are channels around which d is.
func (l LRN) pixelGradient(dx, dy, x []float32) {
	var direct, across [maxLRN]float64
	behind, factor := l.Size/2, 2*l.Alpha*l.Beta/float64(l.Size)
	for d := range l.C + behind {
		if d < l.C {
			s := l.scale(x, d)
			direct[d%maxLRN] = float64(dy[d]) * l.power(s)
			across[d%maxLRN] = direct[d%maxLRN] * float64(x[d]) / s
		}
		c := d - behind
		if c < 0 {
			continue
		}
		sum := 0.0
		for i := max(0, c-(l.Size-1)/2); i <= min(l.C-1, d); i++ {
			sum += across[i%maxLRN]
		}
		dx[c] = float32(direct[c%maxLRN] - factor*float64(x[c])*sum)
	}
}

// scale is s of channel c of a pixel x.
func (l LRN) scale(x []float32, c int) float64 {
	sum := 0.0
	for _, v := range x[max(0, c-l.Size/2):min(l.C, c+(l.Size-1)/2+1)] {
		sum += float64(v) * float64(v)
	}
	return l.K + l.Alpha/float64(l.Size)*sum
}

// power is s^-Beta; of the usual Beta by roots, which take a fraction of the time.
func (l LRN) power(s float64) float64 {
	if l.Beta == 0.75 {
		root := math.Sqrt(s)
		return 1 / (root * math.Sqrt(root))
	}
	return math.Pow(s, -l.Beta)
}
