package kernel

// winogradWeightRun is how a weight gradient by Winograd's adjoint is cut: tile rows of all
// images into groups, each with partial sums of its own, and the panels of filters into shares.
// A group is walked in blocks of tile rows.
type winogradWeightRun struct {
	Conv
	th, tw         int // tiles of an image
	total          int // tile rows of all images
	groups, shares int
	panels         int // of a share
	rows           int // tile rows of a block
	block          int // tiles of a block
	x, dy          winogradRun
}

const (
	weightTiles  = 112 // tiles of a group, at least
	weightPieces = 8   // pieces, at least: each share makes V anew
)

func (c Conv) winogradWeightRun() winogradWeightRun {
	h, w := c.full()
	r := winogradWeightRun{Conv: c, x: newWinogradRun(c.N, h, w, c.C, c.OC, c.Padding)}
	r.th, r.tw, r.total = r.x.th, r.x.tw, r.x.total
	r.rows = max(1, blockTiles/r.tw)
	r.block = r.rows * r.tw
	r.groups = max(1, min(weightGroups, partialBytes/4/r.partialSize(), r.total*r.tw/weightTiles))
	panels := (c.OC + Panel - 1) / Panel
	r.shares = min(panels, (weightPieces+r.groups-1)/r.groups)
	r.panels = (panels + r.shares - 1) / r.shares
	r.shares = (panels + r.panels - 1) / r.panels
	r.x.rows, r.x.block = r.rows, r.block
	r.x.vPlane = r.block*c.C + cacheLine
	r.dy = r.x
	r.dy.pitch, r.dy.padding = winogradTile*r.tw*c.OC, 0
	return r
}

// partialSize is the floats of a group's sums: 36 planes of weights, then the bias.
func (r *winogradWeightRun) partialSize() int { return planes*r.C*r.OC + r.OC }

// scratch is the floats that a worker needs.
func (r *winogradWeightRun) scratch() int {
	strip := r.x.stripRows() * max(r.x.pitch, r.dy.pitch)
	return strip + planes*(r.x.vPlane+r.x.mPlane(Panel)) + gradient{Conv: r.Conv}.spareRows()
}

// weightSource is what a group's sums are made of.
type weightSource struct {
	g    gradient
	x    []float32
	last int // tile rows that count
}

func (c Conv) winogradWeightGradient(p *Pool, dw, db, x []float32, g gradient, partial []float32, rows int) error {
	r := c.winogradWeightRun()
	size := r.partialSize()
	p.Reserve(max(r.scratch(), planes*reduceChunk))
	src := weightSource{g, x, rows * r.th}
	err := p.Run(r.groups*r.shares, func(worker, piece int) {
		group, share := piece/r.shares, piece%r.shares
		r.sumGroup(p.isa, partial[group*size:][:size], src, p.Scratch(worker), group, share)
	})
	if err != nil {
		return err
	}
	return r.reduce(p, dw, db, partial)
}

// sumGroup makes the group's sums for the share's columns.
func (r *winogradWeightRun) sumGroup(isa ISA, sums []float32, src weightSource, scratch []float32, group, share int) {
	first, last := group*r.total/r.groups, min((group+1)*r.total/r.groups, src.last)
	col0, col1 := share*r.panels*Panel, min((share+1)*r.panels*Panel, r.OC)
	if first >= last {
		clear(sums[planes*r.C*col0 : planes*r.C*col1])
		clear(sums[planes*r.C*r.OC+col0 : planes*r.C*r.OC+col1])
		return
	}
	v, scratch := scratch[:planes*r.x.vPlane], scratch[planes*r.x.vPlane:]
	m, scratch := scratch[:planes*r.x.mPlane(Panel)], scratch[planes*r.x.mPlane(Panel):]
	spare, in := scratch[:src.g.spareRows()], scratch[src.g.spareRows():]
	image := r.H * r.W * r.C
	for q := first; q < last; q += r.rows {
		end := min(q+r.rows, last)
		starts := r.x.strips(q, end, func(at, n, row, count int) {
			loadStrip(in[at:], src.x[n*image:][:image], r.H, r.W, r.C, row, count, r.Padding, r.x.pitch/r.C)
		})
		tiles := (end - q) * r.tw
		r.x.runs(0, tiles, func(row, col, count, at int) {
			spread{
				dst: v[at*r.C:], src: in[starts[row]+winogradTile*col*r.C:], tiles: count, cols: r.C,
				plane: r.x.vPlane, ldd: r.C, pitch: r.x.pitch, pixel: r.C, step: winogradTile * r.C,
			}.input(isa)
		})
		starts = r.dy.strips(q, end, func(at, n, row, count int) {
			src.g.load(isa, in[at:], n, row, count-2, winogradTile*r.tw, 0, spare)
		})
		for col := col0; col < col1; col += Panel {
			width := min(Panel, col1-col)
			r.dy.runs(0, tiles, func(row, tx, count, at int) {
				spread{
					dst: m[at*width:], src: in[starts[row]+winogradTile*tx*r.OC+col:], tiles: count, cols: width,
					plane: r.x.mPlane(width), ldd: width, pitch: r.dy.pitch, pixel: r.OC, step: winogradTile * r.OC,
				}.gradient(isa)
			})
			r.multiply(isa, sums, v, m, tiles, col, width, q > first)
		}
	}
}

// multiply adds Vᵀ·M of a block to a panel of sums, and the gradient's own sum to the bias.
func (r *winogradWeightRun) multiply(isa ISA, sums, v, m []float32, tiles, col, width int, accumulate bool) {
	plane := r.x.mPlane(width)
	t := tile{
		dst: sums[planes*r.C*col:], a: v, b: m, off: origin[:], rows: r.C, cols: width, k: tiles,
		aRow: 1, aK: r.C, ldb: width, ldd: width,
		batch: planes, aBatch: r.x.vPlane, bBatch: plane, dBatch: r.C * width, accumulate: accumulate,
	}
	t.run(isa)
	// Plane (1, 1) of A·dy·Aᵀ is the sum of a tile's gradient: row 1 of A is all ones.
	b := tile{
		dst: sums[planes*r.C*r.OC+col:], a: ones[:], b: m[(winogradPatch+1)*plane:], off: origin[:], rows: 1, cols: width, k: tiles,
		ldb: width, accumulate: accumulate,
	}
	b.run(isa)
}

const reduceChunk = 1 << 9 // weights of a plane that are reduced at a time

// reduce adds the groups' sums in order and transforms them to weights.
func (r *winogradWeightRun) reduce(p *Pool, dw, db, partial []float32) error {
	perPanel := (r.C*Panel + reduceChunk - 1) / reduceChunk
	panels := (r.OC + Panel - 1) / Panel
	size := r.partialSize()
	return p.Run(panels*perPanel, func(worker, piece int) {
		col := piece / perPanel * Panel
		width := min(Panel, r.OC-col)
		plane, from := r.C*width, piece%perPanel*reduceChunk
		if n := min(reduceChunk, plane-from); n > 0 {
			sums := p.Scratch(worker)[:planes*reduceChunk]
			for e := range planes {
				sum, at := sums[e*reduceChunk:][:n], planes*r.C*col+e*plane+from
				copy(sum, partial[at:])
				for group := 1; group < r.groups; group++ {
					add(p.isa, sum, partial[group*size+at:])
				}
			}
			filterGradients(p.isa, dw[9*r.C*col+from:], sums, n, plane, reduceChunk)
		}
		if from == 0 {
			sum, at := db[col:][:width], planes*r.C*r.OC+col
			copy(sum, partial[at:])
			for group := 1; group < r.groups; group++ {
				add(p.isa, sum, partial[group*size+at:])
			}
		}
	})
}
