package kernel

// poolGeneric is narrowRow.pool in plain Go.
func (r *narrowRow) poolGeneric() {
	for j := range r.n {
		for o := 0; o < r.oc; o += narrowLanes {
			var best, s [narrowLanes]float32
			var argmax [narrowLanes]byte
			for i := range 4 {
				r.convolve(&s, o, i/2, 2*j+i%2)
				for l, v := range s {
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
	for i, row := range [2][]float32{r.y, r.bottom} {
		for j := range r.n {
			for o := 0; o < r.oc; o += narrowLanes {
				var s [narrowLanes]float32
				r.convolve(&s, o, i, j)
				store(row[j*r.oc+o:], &s)
			}
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

// convolve sets s to the sums of the output channels at o, of the pixel at (h, w).
func (r *narrowRow) convolve(s *[narrowLanes]float32, o, h, w int) {
	copy(s[:], r.b[o:])
	for c := range r.channels {
		for tap := range 9 {
			x := r.in[(h+tap/3)*r.pitch+(w+tap%3)*r.channels+c]
			for l, v := range r.w[9*(o*r.channels+c*narrowLanes)+tap*narrowLanes:][:narrowLanes] {
				s[l] += x * v
			}
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
		for tap := range 9 {
			s.sums[tap*narrowLanes+l] += g * from[2*(tap/3*s.pitch+tap%3*s.channels)]
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
		for tap := range 9 {
			s.sums[tap*narrowLanes+l] += g * from[tap/3*s.pitch+tap%3*s.channels]
		}
	})
}
