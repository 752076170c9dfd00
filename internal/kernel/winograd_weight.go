package kernel

// winogradWeightRun cuts a weight gradient by Winograd's adjoint. Tile rows of all images are cut into
// groups, each with partial sums of its own, and the panels of filters into shares. A group is
// walked in blocks of tile rows.
type winogradWeightRun struct {
	Conv
	groups, shares int
	panels         int         // of a share
	x, dy          winogradRun // of the same tiles; a block is a piece of theirs
}

const (
	weightTiles  = 112 // tiles of a group, at least: four blocks. It decides the order of the sums, for all kernels
	weightPieces = 8   // groups times shares, at least; not more, as each share makes V anew
)

func (c Conv) winogradWeightRun(ks *kernels) winogradWeightRun {
	h, w := c.full()
	r := winogradWeightRun{Conv: c, x: newWinogradRun(ks, c.N, h, w, c.C, c.OC, c.Padding)}
	r.groups = max(1, min(weightGroups, partialBytes/4/r.partialSize(), r.x.total*r.x.tw/weightTiles))
	panels := panelCount(c.OC)
	r.shares = min(panels, (weightPieces+r.groups-1)/r.groups)
	r.panels = (panels + r.shares - 1) / r.shares
	r.shares = (panels + r.panels - 1) / r.panels
	if r.x.planeMajor {
		r.groups, r.shares = 1, 1
	} else {
		r.x.rows = max(1, ks.blockTiles()/r.x.tw)
		r.x.block = r.x.rows * r.x.tw
		r.x.vPlane = r.x.block*c.C + cacheLine
	}
	r.dy = r.x
	r.dy.pitch, r.dy.padding = winogradTile*r.x.tw*c.OC, 0
	r.x.spare = gradient{Conv: c}.spareRows()
	return r
}

// partialSize is the size of a group's sums in floats: 36 planes of weights, then the bias.
func (r *winogradWeightRun) partialSize() int { return planes*r.C*r.OC + r.OC }

// workSize is the size of the work space in floats: the groups' sums, and x's.
func (r *winogradWeightRun) workSize() int { return r.groups*r.partialSize() + r.x.workSize() }

// scratch is the size of a worker's scratch in floats. A strip is one of x or dy, whichever is
// larger.
func (r *winogradWeightRun) scratch() int {
	return r.x.scratch() + r.x.stripRows()*max(0, r.dy.pitch-r.x.pitch)
}

// weightSource holds the inputs of the sums.
type weightSource struct {
	pixels, gradient stripLoader
	last             int // tile rows that count
}

func (r *winogradWeightRun) source(x []float32, g gradient, rows int) weightSource {
	image, width := r.H*r.W*r.C, r.x.pitch/r.C
	return weightSource{
		pixels: func(in, _ []float32, n, row, rows int) {
			loadStrip(in, x[n*image:][:image], r.H, r.W, r.C, row, rows, r.Padding, width)
		},
		gradient: func(in, spare []float32, n, row, rows int) {
			g.load(in, n, row, rows-2, winogradTile*r.x.tw, 0, spare)
		},
		last: rows * r.x.th,
	}
}

func (c Conv) winogradWeightGradient(p *Workers, dw, db, x []float32, g gradient, work []float32, rows int) error {
	r := c.winogradWeightRun(p.kernels)
	size := r.partialSize()
	p.Reserve(max(r.scratch(), planes*reduceChunk))
	src := r.source(x, g, rows)
	var err error
	if r.x.planeMajor {
		err = r.sumPlaneMajor(p, work[:size], work[size:], src)
	} else {
		err = p.Run(r.groups*r.shares, func(worker, piece int) {
			group, share := piece/r.shares, piece%r.shares
			r.sumGroup(work[group*size:][:size], src, p.Scratch(worker), group, share)
		})
	}
	if err != nil {
		return err
	}
	return r.reduce(p, dw, db, work)
}

// sumGroup makes the group's sums for the share's columns.
func (r *winogradWeightRun) sumGroup(sums []float32, src weightSource, scratch []float32, group, share int) {
	first, last := group*r.x.total/r.groups, min((group+1)*r.x.total/r.groups, src.last)
	col0, col1 := share*r.panels*Panel, min((share+1)*r.panels*Panel, r.OC)
	if first >= last {
		clear(sums[planes*r.C*col0 : planes*r.C*col1])
		clear(sums[planes*r.C*r.OC+col0 : planes*r.C*r.OC+col1])
		return
	}
	s := r.x.space(scratch)
	for q := first; q < last; q += r.x.rows {
		end := min(q+r.x.rows, last)
		tiles := (end - q) * r.x.tw
		starts := r.x.strips(&s, q, end, src.pixels)
		r.x.transform(s.v, s.in, &starts, 0, tiles)
		starts = r.dy.strips(&s, q, end, src.gradient)
		for col := col0; col < col1; col += Panel {
			width := min(Panel, col1-col)
			r.gradientToPlanes(s.m, s.in, &starts, tiles, col, width)
			t := r.products(sums, s.v, s.m, tiles, col, width, q > first)
			t.run(r.x.ks)
			r.sumBias(sums, s.m, tiles, col, width, q > first)
		}
	}
}

// gradientToPlanes transforms a panel of the gradient's tiles.
func (r *winogradWeightRun) gradientToPlanes(m, in []float32, starts *[maxBlockTiles]int, tiles, col, width int) {
	r.dy.runs(0, tiles, func(row, tx, count, at int) {
		toPlanes{
			dst: m[at*width:], src: in[starts[row]+winogradTile*tx*r.OC+col:], tiles: count, cols: width,
			plane: r.x.mPlane(width), ldd: width, pitch: r.dy.pitch, pixel: r.OC, step: winogradTile * r.OC,
		}.gradient(r.x.ks)
	})
}

// products is the sums' panel of width columns from col on, Vᵀ·M of tiles tiles, a batch of one
// product a plane.
func (r *winogradWeightRun) products(sums, v, m []float32, tiles, col, width int, accumulate bool) tile {
	return tile{
		dst: sums[planes*r.C*col:], a: v, b: m, off: origin[:], rows: r.C, cols: width, k: tiles,
		aRow: 1, aK: r.x.ldv, ldb: width, ldd: width,
		batch: planes, aBatch: r.x.vPlane, bBatch: r.x.mPlane(width), dBatch: r.C * width, accumulate: accumulate,
	}
}

// onesPlane is plane (1, 1): of A·dy·Aᵀ it is the sum of a tile's gradient, as row 1 of A is all ones.
const onesPlane = winogradPatch + 1

// sumBias adds the gradient's own sum, of that plane of m, to the bias.
func (r *winogradWeightRun) sumBias(sums, m []float32, tiles, col, width int, accumulate bool) {
	t := tile{
		dst: sums[planes*r.C*r.OC+col:], a: ones[:], b: m[onesPlane*r.x.mPlane(width):], off: origin[:], rows: 1, cols: width, k: tiles,
		ldb: width, accumulate: accumulate,
	}
	t.run(r.x.ks)
}

const reduceChunk = 1 << 9 // weights of a plane that are reduced at a time

// reduce adds the groups' sums in order and transforms them to weights.
func (r *winogradWeightRun) reduce(p *Workers, dw, db, partial []float32) error {
	perPanel := (r.C*Panel + reduceChunk - 1) / reduceChunk
	panels := panelCount(r.OC)
	size := r.partialSize()
	return p.Run(panels*perPanel, func(worker, piece int) {
		col := piece / perPanel * Panel
		width := min(Panel, r.OC-col)
		plane, from := r.C*width, piece%perPanel*reduceChunk
		if n := min(reduceChunk, plane-from); n > 0 {
			sums := p.Scratch(worker)[:planes*reduceChunk]
			for e := range planes {
				addGroups(p.kernels, sums[e*reduceChunk:][:n], partial[planes*r.C*col+e*plane+from:], size, r.groups)
			}
			p.kernels.filterGradients(dw[9*r.C*col+from:], sums, n, plane, reduceChunk)
		}
		if from == 0 {
			addGroups(p.kernels, db[col:][:width], partial[planes*r.C*r.OC+col:], size, r.groups)
		}
	})
}
