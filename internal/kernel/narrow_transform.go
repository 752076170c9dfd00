package kernel

// Three channels are convolved by F(2,3) of Winograd in the direction of the columns: of each two rows
// of output, and of the rows d of input and g of the filter that meet them,
//
//	rows     d1+d2, d2-d1, d0-d2, d3-d1
//	weights  (g0+g1+g2)/2, (g0-g1+g2)/2, g0, g2
//	output   m0+m1+m2, m0-m1+m3      the sums of products m, row by row
//
// 4 multiplications instead of 6. Each output still depends on its own 3×3 pixels only, so what is not
// finite reaches no further than by the definition; but ∞ may become NaN.

// narrowWeights is the packed weights of an output channel.
func narrowWeights(channels int) int {
	if channels == 3 {
		return 4 * 3 * channels
	}
	return 9 * channels
}

// narrowFilters writes the transformed weights w of three channels to u, in the order
// [OC/lanes][2 halves][C][2 rows][3][lanes].
func (c Conv) narrowFilters(ks *kernels, u, w []float32) {
	K, lanes := c.WeightRows(), ks.narrowLanes()
	for v := 0; v < c.OC; v += lanes {
		for half := range 2 {
			for i := range 6 * c.C { // channel, row, column
				var g [3][]float32
				for kh := range g {
					g[kh] = w[PanelIndex(K, c.OC, (3*kh+i%3)*c.C+i/6, v):]
				}
				for l := range u[:lanes] {
					u[l] = narrowFilter(2*half+i/3%2, g[0][l], g[1][l], g[2][l])
				}
				u = u[lanes:]
			}
		}
	}
}

// narrowFilter is a row of the transformed weights.
func narrowFilter(row int, g0, g1, g2 float32) float32 {
	switch row {
	case 0:
		return (g0 + g2 + g1) * 0.5
	case 1:
		return (g0 + g2 - g1) * 0.5
	case 2:
		return g0
	}
	return g2
}

// narrowTransform writes four rows d of n floats, transformed, to rows that are line floats apart.
func (ks *kernels) narrowTransform(dst []float32, d [4][]float32, n, line int) {
	k := &ks.narrow
	whole := k.whole(n)
	_, _, _, _, _ = dst[3*line+n-1], d[0][n-1], d[1][n-1], d[2][n-1], d[3][n-1]
	if whole > 0 {
		k.transform(&dst[0], &d[0][0], &d[1][0], &d[2][0], &d[3][0], whole, line)
	}
	for i := whole; i < n; i++ {
		dst[i], dst[line+i] = d[1][i]+d[2][i], d[2][i]-d[1][i]
		dst[2*line+i], dst[3*line+i] = d[0][i]-d[2][i], d[3][i]-d[1][i]
	}
}

// narrowRows is scratch for rows of three channels that are made of the image's own, each between
// borders of zeros.
type narrowRows struct {
	zeros []float32 // a row outside of the image
	rows  []float32
}

// line is the floats of a row with its borders, of which the left one ends at narrowLanes: what is made
// of an image's row begins at a vector's size.
func (r *narrowRun) line() int {
	return (narrowLanes + (r.W+1)*r.C + narrowLanes - 1) &^ (narrowLanes - 1)
}

// border is where the left border begins.
func (r *narrowRun) border() int { return narrowLanes - r.C }

// rowsSize is the floats of scratch for a number of rows.
func (r *narrowRun) rowsSize(count int) int { return (count + 1) * r.line() }

// newRows cuts scratch up for count rows, or half as many of pairs, all zeros.
func (r *narrowRun) newRows(scratch []float32, count int) narrowRows {
	scratch = scratch[:r.rowsSize(count)]
	clear(scratch)
	return narrowRows{zeros: scratch[:r.W*r.C], rows: scratch[r.line():]}
}

// row is row h of image n.
func (r *narrowRun) row(rows narrowRows, x []float32, n, h int) []float32 {
	if h < 0 || h >= r.H {
		return rows.zeros
	}
	return x[(n*r.H+h)*r.W*r.C:][:r.W*r.C]
}

// ask prefetches two rows of image n, from row h on, or what there is of them.
func (r *narrowRun) ask(x []float32, n, h int) {
	row := r.W * r.C
	from := min((n*r.H+h)*row, len(x))
	r.ks.prefetch(x[from:min(from+2*row, len(x))])
}

// transform makes the four transformed rows for the rows h and h+1 of output.
func (r *narrowRun) transform(rows narrowRows, x []float32, n, h int) []float32 {
	var d [4][]float32
	for i := range d {
		d[i] = r.row(rows, x, n, h-1+i)
	}
	r.ks.narrowTransform(rows.rows[narrowLanes:], d, r.W*r.C, r.line())
	r.ask(x, n, h+3)
	return rows.rows[r.border():]
}
