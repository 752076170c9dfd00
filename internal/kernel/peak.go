package kernel

import "time"

// Peak measures the multiply-add peak of the pool's workers together, in GFLOP/s: the register
// tile on data that stays in the L1 cache, the best of a few tries of some 20 ms.
func Peak(p *Workers) (float64, error) {
	const rows, k, calls = 14, 128, 40000
	best := 0.0
	for range 5 {
		start := time.Now()
		err := p.Run(p.Threads(), func(int, int) {
			t := tile{rows: rows, cols: Panel, k: k, off: []int{0}, aRow: k, aK: 1, ldb: Panel, ldd: Panel}
			t.a, t.b, t.dst = make([]float32, rows*k), make([]float32, k*Panel), make([]float32, rows*Panel)
			for range calls / slowdown(p.isa) {
				t.run(p.isa)
			}
		})
		if err != nil {
			return 0, err
		}
		flops := 2 * rows * k * Panel * float64(calls/slowdown(p.isa)*p.Threads())
		best = max(best, flops/time.Since(start).Seconds()/1e9)
	}
	return best, nil
}

// slowdown is about how many times slower than AVX-512 the kernels of isa are.
func slowdown(isa ISA) int {
	if isa == Generic {
		return 50
	}
	return 1
}
