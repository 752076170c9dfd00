package op

import (
	"testing"

	"gorgonia.org/gorgonia"
)

// The kernel computes in float64 and rounds once, as the golden does: a result is off by at most
// two roundings, 2·2⁻²⁴ of it.
func TestLRNGolden(t *testing.T) {
	cases := goldens(t, "lrn")
	everyISA(t, func(t *testing.T, isa string) {
		for _, c := range cases {
			t.Run(c.Name, func(t *testing.T) {
				y, dx := c.onImages(t, isa, func(g *Graph, x *gorgonia.Node) (*gorgonia.Node, error) {
					return g.LRN(x, c.Size, c.Alpha, c.Beta, c.K)
				})
				want := c.nhwc(t, "y")
				near(t, "y", y, want, abs(want), 0)
				if !c.forwardOnly() {
					want = c.nhwc(t, "dx")
					near(t, "dx", dx, want, abs(want), 0)
				}
			})
		}
	})
}
