package solver

// Products are converted to float32 before they are added, so that no compiler
// fuses them: the same bits on every processor that runs these loops.

// sumSquares returns Σ g[i]², each square and the sum in float64.
func sumSquares(g []float32) float64 {
	var sum float64
	for _, x := range g {
		sum += float64(float64(x) * float64(x))
	}
	return sum
}

// descend computes w[i] -= lr·(clip·g[i] + decay·w[i]).
func descend(w, g []float32, lr, clip, decay float32) {
	g = g[:len(w)]
	for i, x := range w {
		d := float32(clip*g[i]) + float32(decay*x)
		w[i] = x - float32(lr*d)
	}
}

// descendMomentum computes, with d = clip·g[i] + decay·w[i],
//
//	v[i] = momentum·v[i] + d
//	w[i] -= lr·v[i], or with Nesterov lr·(d + momentum·v[i])
func descendMomentum(w, g, v []float32, lr, clip, decay, momentum float32, nesterov bool) {
	g, v = g[:len(w)], v[:len(w)]
	if nesterov {
		for i, x := range w {
			d := float32(clip*g[i]) + float32(decay*x)
			m := float32(momentum*v[i]) + d
			v[i] = m
			w[i] = x - float32(lr*(d+float32(momentum*m)))
		}
		return
	}
	for i, x := range w {
		m := float32(momentum*v[i]) + (float32(clip*g[i]) + float32(decay*x))
		v[i] = m
		w[i] = x - float32(lr*m)
	}
}
