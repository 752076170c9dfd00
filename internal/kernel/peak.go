package kernel

import (
	"sync/atomic"
	"time"
)

// Peak measures the multiply-add peak of all workers together, in GFLOP/s. It runs register tiles on
// data in the L1 cache and takes the best of a few tries of about 20 ms.
func Peak(p *Workers) (float64, error) {
	const k, calls = 128, 100
	rows, best := p.kernels.sweepRows(), 0.0
	for range 5 {
		start := time.Now()
		var total atomic.Int64
		err := p.Run(p.Threads(), func(int, int) {
			t := tile{rows: rows, cols: Panel, k: k, off: []int{0}, aRow: k, aK: 1, ldb: Panel, ldd: Panel}
			t.a, t.b, t.dst = make([]float32, rows*k), make([]float32, k*Panel), make([]float32, rows*Panel)
			for time.Since(start) < 20*time.Millisecond {
				for range calls {
					t.run(p.kernels)
				}
				total.Add(calls)
			}
		})
		if err != nil {
			return 0, err
		}
		flops := float64(2 * rows * k * Panel * int(total.Load()))
		best = max(best, flops/time.Since(start).Seconds()/1e9)
	}
	return best, nil
}
