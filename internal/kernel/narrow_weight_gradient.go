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
	if c.Pool && c.C == 1 {
		floats = 3 // pairs beside the strip
	}
	r := c.narrowRun(p.kernels, floats)
	p.Reserve(r.sumScratch())
	size, groups, units := c.narrowSize(), r.groups(), r.N*r.strips
	err := p.Run(groups, func(worker, group int) {
		sums, scratch := partial[group*size:][:size], p.Scratch(worker)
		clear(sums)
		var pairs narrowRows
		if r.C == 3 && r.Pool {
			pairs = r.newRows(scratch[r.chosenSize():], 2*3)
		}
		for unit := group * units / groups; unit < (group+1)*units/groups && unit/r.strips < rows; unit++ {
			n, strip := unit/r.strips, unit%r.strips
			h0, h1 := strip*r.strip, min((strip+1)*r.strip, r.H)
			if r.Pool {
				h0, h1 = h0/2, min(h1/2, r.oh)
			}
			at := (n*r.oh + h0) * r.ow * r.OC
			s := narrowSum{sums: sums, dy: dy[at:], n: r.ow, rows: h1 - h0, oc: r.OC, channels: r.C, pitch: r.pitch}
			switch {
			case h0 >= h1:
			case !r.Pool:
				r.load(scratch, x, n, strip)
				s.in, s.y = scratch, y[at:]
				r.sumPixels(s)
			case r.C == 1:
				r.load(scratch, x, n, strip)
				s.in, s.argmax = scratch[r.inSize():], argmax[at:]
				r.ks.narrowPairs(s.in, scratch, scratch[r.pitch:], (r.strip+1)*r.pitch)
				r.sumWindows(s)
			default:
				s.chosen, s.argmax = scratch[:r.chosenSize()], argmax[at:]
				r.sumImage(s, pairs, x, n, h0)
			}
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

// sumScratch is the floats that a worker needs.
func (r *narrowRun) sumScratch() int {
	switch {
	case !r.Pool:
		return r.inSize()
	case r.C == 1:
		return 3 * r.inSize()
	}
	return r.chosenSize() + r.rowsSize(2*3)
}

// chosenSize is the floats of narrowSum.chosen.
func (r *narrowRun) chosenSize() int { return 2 * r.ow * narrowLanes }

// sumPixels adds the products of s to all channels' sums.
func (r *narrowRun) sumPixels(s narrowSum) {
	for v := 0; v < r.OC; v += r.lanes {
		part := s
		part.sums, part.dy, part.y = s.sums[10*v*r.C:], s.dy[v:], s.y[v:]
		part.plain(r.ks)
	}
}

// sumWindows adds the products of s to all channels' sums.
func (r *narrowRun) sumWindows(s narrowSum) {
	for v := 0; v < r.OC; v += r.lanes {
		part := s
		part.sums, part.dy, part.argmax = s.sums[10*v*r.C:], s.dy[v:], s.argmax[v:]
		part.pool(r.ks)
	}
}

// sumImage is sumWindows row by row, from row h of windows: the three rows of pairs that one needs are
// made before it, and are in cache then. The last is the next row's first.
func (r *narrowRun) sumImage(s narrowSum, pairs narrowRows, x []float32, n, h int) {
	line := 2 * r.line() // of pairs
	rows, made := s.rows, 0
	s.rows, s.in, s.pitch = 1, pairs.rows[2*r.border():], r.line()
	for i := range rows {
		for k := made; k < 3; k++ {
			top := 2*(h+i) + k - 1
			r.ks.narrowPairs(pairs.rows[k*line+2*narrowLanes:], r.row(pairs, x, n, top), r.row(pairs, x, n, top+1), r.W*r.C)
		}
		r.ask(x, n, 2*(h+i)+3)
		r.sumWindows(s)
		s.dy, s.argmax = s.dy[r.ow*r.OC:], s.argmax[r.ow*r.OC:]
		made = copy(pairs.rows[:line], pairs.rows[2*line:]) / line
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
