package kernel

// poolGeneric is narrowRow.pool in plain Go.
func (r *narrowRow) poolGeneric() {
	for j := range r.n {
		for o := 0; o < r.oc; o += narrowLanes {
			var s [4][narrowLanes]float32
			r.column(&s[0], &s[2], o, 2*j)
			r.column(&s[1], &s[3], o, 2*j+1)
			var best [narrowLanes]float32
			var argmax [narrowLanes]byte
			for i := range s {
				for l, v := range s[i] {
					if i == 0 || v > best[l] || v != v {
						best[l], argmax[l] = v, byte(i)
					}
				}
			}
			for l, v := range best {
				if v <= 0 {
					argmax[l] = noPixel
				}
			}
			store(r.y[j*r.oc+o:], &best)
			if r.argmax != nil {
				copy(r.argmax[j*r.oc+o:], argmax[:])
			}
		}
	}
}

// plainGeneric is narrowRow.plain in plain Go.
func (r *narrowRow) plainGeneric() {
	for j := range r.n {
		for o := 0; o < r.oc; o += narrowLanes {
			var top, bottom [narrowLanes]float32
			r.column(&top, &bottom, o, j)
			store(r.y[j*r.oc+o:], &top)
			store(r.bottom[j*r.oc+o:], &bottom)
		}
	}
}

// store is dst = max(s, 0).
func store(dst []float32, s *[narrowLanes]float32) {
	for l, v := range s {
		if v < 0 {
			v = 0
		}
		dst[l] = v
	}
}

// column sets top and bottom to the sums of the output channels at o, of the two pixels at column w.
func (r *narrowRow) column(top, bottom *[narrowLanes]float32, o, w int) {
	copy(top[:], r.b[o:])
	if r.channels == 1 {
		*bottom = *top
		weights := r.w[9*o:]
		for kh := range 3 {
			r.addRow(top, weights[3*kh*narrowLanes:], kh, w, 0)
			r.addRow(bottom, weights[3*kh*narrowLanes:], kh+1, w, 0)
		}
		return
	}
	var other [narrowLanes]float32
	weights := r.w[narrowWeights(3)*o:]
	r.addRows(top, &other, weights, 0, w)
	for l, v := range other {
		bottom[l] = top[l] - v
		top[l] += v
	}
	r.addRows(top, bottom, weights[2*9*narrowLanes:], 2, w)
}

// addRows adds the products of two rows of three pixels by weights of their own.
func (r *narrowRow) addRows(upper, lower *[narrowLanes]float32, weights []float32, row, w int) {
	for c := range r.channels {
		r.addRow(upper, weights[6*c*narrowLanes:], row, w, c)
		r.addRow(lower, weights[(6*c+3)*narrowLanes:], row+1, w, c)
	}
}

// addRow adds the products of channel c of three pixels of a row by the weights.
func (r *narrowRow) addRow(s *[narrowLanes]float32, weights []float32, row, w, c int) {
	for kw := range 3 {
		x := r.in[row*r.pitch+(w+kw)*r.channels+c]
		for l, v := range weights[kw*narrowLanes:][:narrowLanes] {
			s[l] += x * v
		}
	}
}

// each calls f for each lane of each pixel or window: with its place in dy, its row and column.
func (s *narrowSum) each(f func(lane, at, row, column int)) {
	for i := range s.rows * s.n {
		for l := range narrowLanes {
			f(l, i*s.oc+l, i/s.n, i%s.n)
		}
	}
}

// poolGeneric is narrowSum.pool in plain Go.
func (s *narrowSum) poolGeneric() {
	s.each(func(l, at, row, window int) {
		g, i := s.dy[at], int(s.argmax[at])
		if i == noPixel {
			g, i = 0, 0
		}
		s.sums[9*narrowLanes+l] += g
		from := s.in[4*row*s.pitch+4*window*s.channels+i/2+i%2*2*s.channels:]
		for c := range s.channels {
			for tap := range 9 {
				s.sums[(10*c+tap)*narrowLanes+l] += g * from[2*(tap/3*s.pitch+tap%3*s.channels+c)]
			}
		}
	})
}

// plainGeneric is narrowSum.plain in plain Go.
func (s *narrowSum) plainGeneric() {
	s.each(func(l, at, row, pixel int) {
		g := s.dy[at]
		if s.y[at] <= 0 {
			g = 0
		}
		s.sums[9*narrowLanes+l] += g
		from := s.in[row*s.pitch+pixel*s.channels:]
		for c := range s.channels {
			for tap := range 9 {
				s.sums[(10*c+tap)*narrowLanes+l] += g * from[tap/3*s.pitch+tap%3*s.channels+c]
			}
		}
	})
}
