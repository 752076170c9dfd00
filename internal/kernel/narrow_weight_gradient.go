package kernel

// narrowSize is the floats of a group's sums, in the order [OC/lanes][C][9 taps and the bias][lanes].
func (c Conv) narrowSize() int { return (9 + 1) * c.C * c.OC }

// groups is the number of groups of strips. Each has sums of its own.
func (r *narrowRun) groups() int { return min(r.N*r.strips, narrowGroups) }

// narrowWeightGradientSize is the floats of work space that narrowWeightGradient needs.
func (c Conv) narrowWeightGradientSize() int { return narrowGroups * c.narrowSize() }

// narrowWeightGradient is WeightGradient of a narrow convolution. Pixels that a pool did not
// choose add nothing, whatever the input under them: not 0·∞. With a pool y is not read: argmax is
// narrowForward's.
func (c Conv) narrowWeightGradient(p *Workers, dw, db, x, dy, y []float32, argmax []byte, partial []float32, rows int) error {
	floats := 1
	if c.Pool {
		floats = 3 // pairs beside the strip
	}
	r := c.narrowRun(p.kernels, floats)
	p.Reserve(3*r.inSize() + narrowLanes)
	size, groups, units := c.narrowSize(), r.groups(), r.N*r.strips
	err := p.Run(groups, func(worker, group int) {
		sums := partial[group*size:][:size]
		clear(sums)
		for unit := group * units / groups; unit < (group+1)*units/groups && unit/r.strips < rows; unit++ {
			r.sum(sums, x, dy, y, argmax, p.Scratch(worker), unit/r.strips, unit%r.strips)
		}
	})
	if err != nil {
		return err
	}
	return p.Run(r.OC/r.lanes, func(_, v int) {
		of := size / (r.OC / r.lanes)
		total := partial[v*of:][:of]
		addGroups(p.kernels, total, partial[v*of:], size, groups)
		r.unpack(dw, db, total, v*r.lanes)
	})
}

// sum adds a strip's products to sums.
func (r *narrowRun) sum(sums, x, dy, y []float32, argmax []byte, scratch []float32, n, strip int) {
	h0, h1 := strip*r.strip, min((strip+1)*r.strip, r.H)
	if r.Pool {
		h0, h1 = h0/2, min(h1/2, r.oh)
	}
	if h0 >= h1 {
		return
	}
	in, pairs := scratch[:r.inSize()], scratch[r.inSize():]
	r.load(in, x, n, strip)
	at := (n*r.oh + h0) * r.ow * r.OC
	s := narrowSum{dy: dy[at:], in: in, n: r.ow, rows: h1 - h0, oc: r.OC, channels: r.C, pitch: r.pitch}
	if r.Pool {
		r.ks.narrowPairs(pairs, in, in[r.pitch:], (r.strip+1)*r.pitch)
		s.argmax, s.in = argmax[at:], pairs
	} else {
		s.y = y[at:]
	}
	for v := 0; v < r.OC; v += r.lanes {
		for c := range r.C {
			part := s
			part.sums = sums[10*(v*r.C+c*r.lanes):]
			part.dy = s.dy[v:]
			if r.Pool {
				part.argmax, part.in = s.argmax[v:], s.in[2*c:]
				part.pool(r.ks)
			} else {
				part.y, part.in = s.y[v:], s.in[c:]
				part.plain(r.ks)
			}
		}
	}
}

// unpack stores the sums of the channels at first as weights and biases.
func (r *narrowRun) unpack(dw, db, sums []float32, first int) {
	K := r.WeightRows()
	copy(db[first:][:r.lanes], sums[9*r.lanes:])
	for c := range r.C {
		for tap := range 9 {
			copy(dw[PanelIndex(K, r.OC, tap*r.C+c, first):][:r.lanes], sums[(10*c+tap)*r.lanes:])
		}
	}
}
