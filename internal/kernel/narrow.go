package kernel

// A narrow convolution has one input channel or three, as the first of a network: 3×3, stride 1,
// padding 1, with ReLU. Its memory traffic costs about as much as its products, so nothing of full size
// is written: the forward pass computes the four pixels of each 2×2 window in registers and stores the
// pooled pixel, and the weight gradient takes each window's pixel from the image by argmax.
//
// One channel is convolved by the definition. Three need three times the products for the same traffic,
// and do without a third of them: see narrow_transform.go.

const (
	narrowChannels = 3  // a permutation of 8 floats finds a window's pixel under a tap: 2·channels+2 floats of pairs
	narrowLanes    = 16 // output channels come in multiples of it: the widest vector, for all kernels

	narrowPieces     = 128      // of the forward pass, at most: each packs the weights anew
	narrowStripBytes = 24 << 10 // of input: half of an L1 cache of 48 KB
	narrowGroups     = 64       // partial sums of the weight gradient: they decide the order of its sums
)

// narrow reports whether the narrow kernels compute the convolution.
func (c Conv) narrow(ks *kernels) bool {
	least := narrowWidths[min(c.C, len(narrowWidths)-1)]
	return c.C <= ks.costs.narrowChannels && least > 0 && c.W >= least && c.OC%narrowLanes == 0 &&
		c.Kernel == 3 && c.Stride == 1 && c.Padding == 1 && c.ReLU
}

// narrowWidths is the output pixels of a row that a forward step computes, at most, by input channels.
var narrowWidths = [...]int{1: 4, 3: 8, 4: 0}

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

// pack copies the weights of one channel to dst, in the order [OC/lanes][9][lanes].
func (r *narrowRun) pack(dst, w []float32) {
	for v := 0; v < r.OC; v += r.lanes {
		for tap := range 9 {
			dst = dst[copy(dst, w[PanelIndex(9, r.OC, tap, v):][:r.lanes]):]
		}
	}
}

// narrowForward is Forward of a narrow convolution. As argmax is noPixel for windows without a
// positive pixel, the weight gradient need not read y. Of three channels u is the weights, from
// TransformFilters; of one each piece packs them.
func (c Conv) narrowForward(p *Workers, y []float32, argmax []byte, x, w, b, u []float32, rows int) error {
	r := c.narrowRun(p.kernels, 1)
	spare, packed, size := r.spare(), 9*r.OC, r.inSize()
	row := narrowRow{b: b, w: u, oc: r.OC, channels: r.C, pitch: r.pitch, n: r.ow}
	row.stream = streamed(y, rows*r.oh*r.ow*r.OC)
	if r.C == 3 {
		packed, size, row.pitch = 0, r.rowsSize(4), r.line()
	}
	p.Reserve(spare + packed + size)
	units := rows * r.strips
	pieces := min(units, narrowPieces)
	return p.Run(pieces, func(worker, piece int) {
		scratch := p.Scratch(worker)
		below, in := scratch[:spare], scratch[spare+packed:][:size]
		row := row
		var lines narrowRows
		if r.C == 3 {
			lines = r.newRows(in, 4)
		} else {
			row.w = scratch[spare:][:packed]
			r.pack(row.w, w)
		}
		for unit := piece * units / pieces; unit < (piece+1)*units/pieces; unit++ {
			n, strip := unit/r.strips, unit%r.strips
			if r.C == 1 {
				r.load(in, x, n, strip)
			}
			first := strip * r.strip
			for h := first; h < min(first+r.strip, 2*r.pairs()); h += 2 {
				if r.C == 3 {
					row.in = r.transform(lines, x, n, h)
				} else {
					row.in = in[(h-first)*r.pitch:]
				}
				if r.Pool {
					r.windows(row, y, argmax, n, h/2)
				} else {
					r.pixels(row, y, below, n, h)
				}
			}
		}
	})
}

// pairs is the pairs of output rows, before any pool: the last is one row only if the height is odd and
// there is no pool to drop it.
func (r *narrowRun) pairs() int {
	if r.Pool {
		return r.oh
	}
	return (r.H + 1) / 2
}

// windows computes row h of windows.
func (r *narrowRun) windows(row narrowRow, y []float32, argmax []byte, n, h int) {
	at := (n*r.oh + h) * r.ow * r.OC
	row.y = y[at:]
	if argmax != nil {
		row.argmax = argmax[at:]
	}
	row.pool(r.ks)
}

// spare is the floats of a row of pixels below the last: rows are computed in pairs. It stands first
// in the scratch, at a cache line, as it may be streamed like the others.
func (r *narrowRun) spare() int {
	if r.Pool || r.H%2 == 0 {
		return 0
	}
	return r.W * r.OC
}

// pixels computes rows h and h+1 of pixels; spare takes the row below the last.
func (r *narrowRun) pixels(row narrowRow, y, spare []float32, n, h int) {
	at := (n*r.H + h) * r.W * r.OC
	row.y, row.bottom = y[at:], spare
	if h+1 < r.H {
		row.bottom = y[at+r.W*r.OC:]
	}
	row.plain(r.ks)
}
