package kernel

// A narrow convolution has few input channels, as the first of a network: 3×3, stride 1, padding 1,
// with ReLU. Its memory traffic costs about as much as its products, so nothing of full size is
// written: the forward pass computes the four pixels of each 2×2 window in registers and stores the
// pooled pixel, and the weight gradient takes each window's pixel from the image by argmax.

const (
	narrowChannels = 3  // a permutation of 8 floats finds a window's pixel under a tap: 2·channels+2 floats of pairs
	narrowLanes    = 16 // output channels come in multiples of it: the widest vector, for all kernels
	narrowColumns  = 4  // output pixels of a row that a forward step computes

	narrowPieces     = 128      // of the forward pass, at most: each packs the weights anew
	narrowStripBytes = 24 << 10 // of input: half of an L1 cache of 48 KB
	narrowGroups     = 64       // partial sums of the weight gradient: they decide the order of its sums
)

// narrow reports whether the narrow kernels compute the convolution.
func (c Conv) narrow(ks *kernels) bool {
	return c.C <= ks.costs.narrowChannels && c.OC%narrowLanes == 0 && c.W >= narrowColumns &&
		c.Kernel == 3 && c.Stride == 1 && c.Padding == 1 && c.ReLU
}

// narrowRun cuts the images of a narrow convolution into strips of rows.
type narrowRun struct {
	Conv
	ks     *kernels
	oh, ow int // output size
	lanes  int // channels of a vector
	strip  int // output rows, before any pool, of a strip; even
	strips int // of an image
	pitch  int // floats of a padded input row
}

// narrowRun cuts strips whose copy takes floats floats for each of the input's.
func (c Conv) narrowRun(ks *kernels, floats int) narrowRun {
	r := narrowRun{Conv: c, ks: ks, lanes: ks.narrowLanes(), pitch: (c.W + 2) * c.C}
	r.oh, r.ow = c.Out()
	most := max(2, (narrowStripBytes/4/floats/r.pitch-2)&^1)
	strips := (c.H + most - 1) / most
	r.strip = ((c.H+strips-1)/strips + 1) &^ 1
	r.strips = (c.H + r.strip - 1) / r.strip
	return r
}

// inSize is the floats of a padded input strip, with a vector to spare.
func (r *narrowRun) inSize() int { return (r.strip+2)*r.pitch + narrowLanes }

// load copies the strip's input to in, with a border of zeros, and asks for the next strip's.
func (r *narrowRun) load(in, x []float32, n, strip int) {
	row := r.W * r.C
	loadStrip(in, x[n*r.H*row:][:r.H*row], r.H, r.W, r.C, strip*r.strip-1, r.strip+2, 1, r.W+2)
	next := min((n*r.H+(strip+1)*r.strip)*row, len(x))
	r.ks.prefetch(x[next:min(next+r.strip*row, len(x))])
}

// pack copies the weights to dst, in the order [OC/lanes][C][9][lanes].
func (r *narrowRun) pack(dst, w []float32) {
	K := r.WeightRows()
	for v := 0; v < r.OC; v += r.lanes {
		for c := range r.C {
			for tap := range 9 {
				from := PanelIndex(K, r.OC, tap*r.C+c, v)
				dst = dst[copy(dst, w[from:][:r.lanes]):]
			}
		}
	}
}

// narrowForward is Forward of a narrow convolution. As argmax is noPixel for windows without a
// positive pixel, the weight gradient need not read y.
func (c Conv) narrowForward(p *Workers, y []float32, argmax []byte, x, w, b []float32, rows int) error {
	r := c.narrowRun(p.kernels, 1)
	size, weights := r.inSize(), r.WeightRows()*r.OC
	spare := r.spare()
	p.Reserve(spare + weights + size)
	row := narrowRow{b: b, oc: r.OC, channels: r.C, pitch: r.pitch, n: r.ow}
	row.stream = streamed(y, rows*r.oh*r.ow*r.OC)
	units := rows * r.strips
	pieces := min(units, narrowPieces)
	return p.Run(pieces, func(worker, piece int) {
		scratch := p.Scratch(worker)
		row := row
		row.w, row.in = scratch[spare:][:weights], scratch[spare+weights:][:size]
		r.pack(row.w, w)
		for unit := piece * units / pieces; unit < (piece+1)*units/pieces; unit++ {
			n, strip := unit/r.strips, unit%r.strips
			r.load(row.in, x, n, strip)
			if r.Pool {
				r.windows(row, y, argmax, n, strip)
			} else {
				r.pixels(row, y, scratch[:spare], n, strip)
			}
		}
	})
}

// windows computes a strip's rows of windows.
func (r *narrowRun) windows(row narrowRow, y []float32, argmax []byte, n, strip int) {
	first := strip * r.strip / 2
	for h := first; h < min(first+r.strip/2, r.oh); h++ {
		at := (n*r.oh + h) * r.ow * r.OC
		row.y = y[at:]
		if argmax != nil {
			row.argmax = argmax[at:]
		}
		row.pool(r.ks)
		row.in = row.in[2*r.pitch:]
	}
}

// spare is the floats of a row of pixels below the last: rows are computed in pairs. It stands first
// in the scratch, at a cache line, as it may be streamed like the others.
func (r *narrowRun) spare() int {
	if r.Pool || r.H%2 == 0 {
		return 0
	}
	return r.W * r.OC
}

// pixels computes a strip's rows of pixels, two at a time; spare takes the row below the last.
func (r *narrowRun) pixels(row narrowRow, y, spare []float32, n, strip int) {
	first := strip * r.strip
	for h := first; h < min(first+r.strip, r.H); h += 2 {
		at := (n*r.H + h) * r.W * r.OC
		row.y, row.bottom = y[at:], spare
		if h+1 < r.H {
			row.bottom = y[at+r.W*r.OC:]
		}
		row.plain(r.ks)
		row.in = row.in[2*r.pitch:]
	}
}
