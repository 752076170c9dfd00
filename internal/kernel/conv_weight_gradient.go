package kernel

// weightRun cuts a weight gradient. Images are cut into groups, each with a partial sum of its
// own, and the filters' panels into shares. A group is walked in strips of rows of whole or part
// images; the tile's k runs over the pixels of a strip.
type weightRun struct {
	Conv
	ks             *kernels
	groups, shares int
	panels         int // panels of a share
	fh, fw         int // full output size
	strip, images  int // rows and images of a strip
	pitch, inSize  int // floats of a padded input row and of an image's input strip
}

// Bounds of a weightRun. The groups decide the order of the sums, and so the results: they are
// the same for all kernels.
const (
	weightGroups    = 16       // at most: pieces for as many cores, and sums for reduce to add
	partialBytes    = 32 << 20 // of all groups' sums, at most
	stripPixels     = 256      // at least, so that a tile's sum is worth its load and store
	weightSharesMax = 8        // each share loads the input strips anew
)

func (c Conv) weightRun(ks *kernels) weightRun {
	r := weightRun{Conv: c, ks: ks, pitch: (c.W + 2*c.Padding) * c.C}
	r.fh, r.fw = c.full()
	r.groups = max(1, min(c.N, weightGroups, partialBytes/4/r.partialSize()))
	panels := panelCount(c.OC)
	r.shares = min(panels, weightSharesMax, (weightGroups+r.groups-1)/r.groups)
	r.panels = (panels + r.shares - 1) / r.shares
	r.shares = (panels + r.panels - 1) / r.panels
	rows := max(2, (stripBytes/4/r.pitch-c.Kernel+c.Stride)/c.Stride&^1)
	r.strip, r.images = min(rows, r.fh), 1
	if r.strip == r.fh {
		fit := stripBytes / 4 / (((r.fh-1)*c.Stride + c.Kernel) * r.pitch)
		r.images = max(1, min(fit, (stripPixels+r.fh*r.fw-1)/(r.fh*r.fw)))
	}
	r.inSize = ((r.strip-1)*c.Stride + c.Kernel) * r.pitch
	return r
}

// partialSize is the size of a group's sums in floats: weights, then bias.
func (r *weightRun) partialSize() int { return r.WeightRows()*r.OC + r.OC }

// scratch is the floats that a worker needs: input strips, and one panel of gradient rows with a
// spare one.
func (r *weightRun) scratch() int {
	return r.images*r.inSize + r.images*(r.strip+1)*r.fw*Panel
}

// WeightGradientSize is the size of WeightGradient's work space in floats.
func (c Conv) WeightGradientSize(p *Workers) int {
	switch c.WeightAlgorithm(p) {
	case Narrow:
		return c.narrowWeightGradientSize()
	case Winograd:
		r := c.winogradWeightRun(p.plan())
		return r.workSize()
	}
	r := c.weightRun(p.plan())
	return r.groups * r.partialSize()
}

// WeightGradient computes dw, like w, and db, like b, from the first rows images: dy, y and
// argmax as in InputGradient. partial is WeightGradientSize floats of work space.
//
//	dw[kh,kw,c,o] = Σ x[h·S-P+kh, w·S-P+kw, c] · dy[h,w,o]   over images and pixels
func (c Conv) WeightGradient(p *Workers, dw, db, x, dy, y []float32, argmax []byte, partial []float32, rows int) error {
	g := gradient{Conv: c, ks: p.kernels, dy: dy, y: y, argmax: argmax}
	switch c.WeightAlgorithm(p) {
	case Narrow:
		return c.narrowWeightGradient(p, dw, db, x, dy, y, argmax, partial, rows)
	case Winograd:
		return c.winogradWeightGradient(p, dw, db, x, g, partial, rows)
	}
	r := c.weightRun(p.kernels)
	size := r.partialSize()
	p.Reserve(r.scratch())
	err := p.Run(r.groups*r.shares, func(worker, piece int) {
		group, share := piece/r.shares, piece%r.shares
		sums := partial[group*size:][:size]
		r.sumGroup(g, sums, x, p.Scratch(worker), group*c.N/r.groups, min(rows, (group+1)*c.N/r.groups), share)
	})
	if err != nil {
		return err
	}
	return r.reduce(p, dw, db, partial)
}

// sumGroup adds up the share's columns over images [n0, n1).
func (r *weightRun) sumGroup(g gradient, sums, x, scratch []float32, n0, n1, share int) {
	k := r.WeightRows()
	col0, col1 := share*r.panels*Panel, min((share+1)*r.panels*Panel, r.OC)
	clear(sums[k*col0 : k*col1])
	clear(sums[k*r.OC+col0 : k*r.OC+col1])
	in, out := scratch[:r.images*r.inSize], scratch[r.images*r.inSize:]
	image := r.H * r.W * r.C
	for n := n0; n < n1; n += r.images {
		count := min(r.images, n1-n)
		for h := 0; h < r.fh; h += r.strip {
			rows := min(r.strip, r.fh-h)
			for i := range count {
				loadStrip(in[i*r.inSize:], x[(n+i)*image:][:image], r.H, r.W, r.C, h*r.Stride-r.Padding, (rows-1)*r.Stride+r.Kernel, r.Padding, r.W+2*r.Padding)
			}
			for col := col0; col < col1; col += Panel {
				width := min(Panel, r.OC-col)
				for i := range count {
					r.loadPanel(g, out[i*rows*r.fw*width:], out[r.images*r.strip*r.fw*width:], n+i, h, rows, columns{col, width, width})
				}
				r.sumStrip(sums, in, out, count, rows, col, width)
			}
		}
	}
}

// loadPanel writes rows [h, h+rows) of the full-size gradient's columns.
func (r *weightRun) loadPanel(g gradient, dst, spare []float32, n, h, rows int, c columns) {
	row := r.fw * c.count
	for i := 0; i < rows; i++ {
		switch {
		case !r.Pool:
			g.row(dst[i*row:], n, h+i, c)
		case i+1 < rows:
			g.pair(dst[i*row:], dst[(i+1)*row:], n, (h+i)/2, c)
			i++
		default: // an odd last row
			g.pair(dst[i*row:], spare, n, (h+i)/2, c)
		}
	}
}

// ones is the factor of a bias's sum.
var ones = [1]float32{1}

// sumStrip adds a strip's products to the panel of columns at col: for each row of the filter
// a tile of Kernel·C weights, and the gradient's own sum for the bias.
func (r *weightRun) sumStrip(sums, in, out []float32, count, rows, col, width int) {
	var taps [stripPixels]int
	k := r.WeightRows()
	row := r.Kernel * r.C
	t := tile{cols: width, k: r.fw, aRow: 1, aK: r.Stride * r.C, bTap: r.fw * width, ldb: width, ldd: width, accumulate: true}
	total := count * rows
	for done := 0; done < total; done += len(taps) {
		now := min(len(taps), total-done)
		for i := range now {
			image, h := (done+i)/rows, (done+i)%rows
			taps[i] = image*r.inSize + h*r.Stride*r.pitch
		}
		t.off = taps[:now]
		t.b = out[done*r.fw*width:]
		for kh := range r.Kernel {
			t.rows = row
			t.a = in[kh*r.pitch:]
			t.dst = sums[k*col+kh*row*width:]
			t.run(r.ks)
		}
	}
	b := tile{dst: sums[k*r.OC+col:], a: ones[:], b: out, off: taps[:1], rows: 1, cols: width, k: total * r.fw, ldb: width, accumulate: true}
	taps[0] = 0
	b.run(r.ks)
}

// reduce adds the groups' sums in order.
func (r *weightRun) reduce(p *Workers, dw, db, partial []float32) error {
	const chunk = 1 << 14
	size, weights := r.partialSize(), r.WeightRows()*r.OC
	return p.Run((size+chunk-1)/chunk, func(_, piece int) {
		for from, end := piece*chunk, min(size, (piece+1)*chunk); from < end; {
			dst, to := dw, min(end, weights)
			at := from
			if from >= weights {
				dst, to, at = db, end, from-weights
			}
			addGroups(p.kernels, dst[at:][:to-from], partial[from:], size, r.groups)
			from = to
		}
	})
}

// addGroups makes dst the sum of the groups' partial sums, added in order. A group's sums lie size
// floats behind the last group's. dst may be the first group's.
func addGroups(ks *kernels, dst, partial []float32, size, groups int) {
	copy(dst, partial)
	for group := 1; group < groups; group++ {
		ks.add(dst, partial[group*size:])
	}
}
