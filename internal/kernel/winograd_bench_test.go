package kernel

import (
	"math/rand/v2"
	"testing"
)

// Winograd's transforms of a row of tiles of 56 pixels and 64 channels, and of 64×64 filters, in
// the caches. Bytes are those read and written: a pixel that two tiles share, twice.
func BenchmarkTransform(b *testing.B) {
	const (
		tiles, c  = 14, 64
		plane     = tiles*c + 16
		width     = winogradTile*tiles + 2
		filterN   = c * c
		inside    = planes * tiles * c
		tilePixel = winogradTile * winogradTile * tiles * c
	)
	r := rand.New(rand.NewPCG(1, 1))
	random := func(n int) []float32 {
		s := make([]float32, n)
		fill(r, s)
		return s
	}
	pixels, values, bias, spare := random(winogradPatch*width*c), random(planes*plane), random(c), make([]float32, 16*16)
	argmax := make([]byte, len(pixels))
	taps, turned := random(9*filterN), random(planes*filterN)
	in := toPlanes{dst: values, src: pixels, tiles: tiles, cols: c, plane: plane, ldd: c, pitch: width * c, pixel: c, step: winogradTile * c}
	out := fromPlanes{dst: pixels, src: values, bias: bias, tiles: tiles, cols: c, plane: plane, lds: c, pitch: width * c, pixel: c, step: winogradTile * c}
	pooled := out
	pooled.step = winogradTile / 2 * c
	for _, k := range []struct {
		name   string
		floats int
		run    func(ks *kernels)
	}{
		{"input", inside + inside, func(ks *kernels) { in.input(ks) }},
		{"gradient", tilePixel + inside, func(ks *kernels) { in.gradient(ks) }},
		{"output", inside + tilePixel, func(ks *kernels) { out.output(ks) }},
		{"pool", inside + tilePixel*5/16, func(ks *kernels) { pooled.pool(ks, argmax, spare) }},
		{"filters", (planes + 9) * filterN, func(ks *kernels) { ks.filters(turned, taps, filterN, filterN, filterN) }},
		{"filterGradients", (planes + 9) * filterN, func(ks *kernels) { ks.filterGradients(taps, turned, filterN, filterN, filterN) }},
	} {
		for _, ks := range available() {
			b.Run(k.name+"/"+ks.name, func(b *testing.B) {
				b.SetBytes(int64(4 * k.floats))
				for b.Loop() {
					k.run(ks)
				}
			})
		}
	}
}

// Filters of all of a layer: once a weight update.
func BenchmarkTransformFilters(b *testing.B) {
	p := benchWorkers(b)
	for _, c := range []Conv{{C: 16, OC: 32}, {C: 128, OC: 128}, {C: 512, OC: 512}} {
		c.N, c.H, c.W, c.Kernel, c.Stride, c.Padding = 128, 28, 28, 3, 1, 1
		w, u := make([]float32, c.WeightRows()*c.OC), make([]float32, c.FilterSize(p))
		b.Run(convName(c), func(b *testing.B) {
			b.SetBytes(int64(4 * (len(w) + len(u))))
			for b.Loop() {
				if err := c.TransformFilters(p, u, w); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
