package kernel

// winogradRun is the tiling of one convolution by Winograd's F(4×4,3×3): forward, or the input
// gradient, which is the convolution of the gradient with the turned filters. Tile rows of
// all images are numbered through. A piece is some of them. It is walked in blocks of tiles: their
// transformed patches (V) stay in the L2 cache beside a panel of their products (M).
type winogradRun struct {
	ks         *kernels
	c, oc      int     // channels in and out
	h, w       int     // rows and columns of the convolution
	floor      float32 // of the outputs
	pooled     bool
	stream     bool // store the outputs past the caches: see streamed
	oh, ow     int  // of what is stored
	th, tw     int  // tiles of an image
	total      int  // tile rows of all images
	rows       int  // tile rows of a piece
	block      int  // most tiles of a block
	pitch      int  // floats of a row of a strip
	ldv        int  // of V: from tile to tile
	vPlane     int
	spare      int // floats that loading a strip needs
	padding    int
	planeMajor bool // V and M hold a chunk of tile rows instead of a block: see winograd_large.go
	chunk      int  // tile rows of a chunk
}

// Bounds of a winogradRun.
const (
	maxBlockTiles = 32 // and so the most tile rows of a piece
	cacheLine     = 16 // floats: planes are padded by one cache line to avoid L1 set conflicts
	manyPieces    = 16 // at least, where the tiles suffice
)

// blockTiles is the tiles of a block: two steps of a sweep, so that no register tile stands idle. Their
// patches fill a good part of L2: 28 tiles of 128 channels take 516 KB. Results do not depend on it.
func (ks *kernels) blockTiles() int { return min(2*ks.sweepRows(), maxBlockTiles) }

// newWinogradRun cuts a convolution of n images from c to h×w×oc.
func newWinogradRun(ks *kernels, n, h, w, c, oc, padding int) winogradRun {
	r := winogradRun{ks: ks, c: c, oc: oc, h: h, w: w, oh: h, ow: w, padding: padding}
	r.th, r.tw = (h+winogradTile-1)/winogradTile, (w+winogradTile-1)/winogradTile
	r.total = n * r.th
	r.rows = max(1, ks.blockTiles()/r.tw)
	pieces := (r.total + r.rows - 1) / r.rows
	if pieces < manyPieces {
		pieces = min(r.total, 2*pieces)
	}
	r.rows = (r.total + pieces - 1) / pieces
	tiles := r.rows * r.tw
	blocks := (tiles + ks.blockTiles() - 1) / ks.blockTiles()
	r.block = (tiles + blocks - 1) / blocks
	r.pitch = (winogradTile*r.tw + 2) * c
	r.ldv = c
	if c*oc > ks.costs.planeMajorChannels*(c+oc) {
		r.planeMajor = true
		r.chunk = max(1, ks.costs.planeMajorBytes/4/(planes*r.tw*(c+oc)))
		chunks := (r.total + r.chunk - 1) / r.chunk
		r.chunk = (r.total + chunks - 1) / chunks
		r.block = r.chunk * r.tw
		r.ldv = c + cacheLine
	}
	r.vPlane = r.block*r.ldv + cacheLine
	return r
}

// workSize is the size of a run's work space in floats, without the workers' scratch.
func (r *winogradRun) workSize() int {
	if !r.planeMajor {
		return 0
	}
	return planes*r.vPlane + r.panel(r.oc)
}

// panel is the offset, after V, of the products of the panel of column col.
func (r *winogradRun) panel(col int) int {
	return planes * (r.block*col + panelCount(col)*cacheLine)
}

// stripRows is the input rows of a piece: 4 for each tile row, and 2 more for each image.
func (r *winogradRun) stripRows() int {
	images := min(r.rows, (r.rows-2)/r.th+2)
	return winogradTile*r.rows + 2*images
}

// mPlane is the floats of a plane of products, width columns wide.
func (r *winogradRun) mPlane(width int) int { return r.block*width + cacheLine }

// scratch is the size of a worker's scratch in floats.
func (r *winogradRun) scratch() int {
	n := r.stripRows()*r.pitch + patchFloats + argmaxFloats + vectorFloats + r.spare
	if !r.planeMajor {
		n += planes * (r.vPlane + r.mPlane(Panel))
	}
	return n
}

// Work space for tiles that lie across an edge, and for fromPlanes.pool.
const (
	patchFloats  = winogradTile * winogradTile * Panel
	argmaxFloats = 2 * Panel // bytes for 2×2 windows at a pitch of 4
	vectorFloats = 16 * 16   // of the widest vector
)

// winogradSpace is a worker's scratch, cut up.
type winogradSpace struct {
	v, m    []float32 // transformed patches and a panel of their products
	patch   []float32
	argmax  []byte
	vectors []float32
	spare   []float32
	in      []float32 // strips
}

func (r *winogradRun) space(scratch []float32) winogradSpace {
	take := func(n int) []float32 {
		part := scratch[:n:n]
		scratch = scratch[n:]
		return part
	}
	s := winogradSpace{patch: take(patchFloats)}
	if !r.planeMajor {
		s.v, s.m = take(planes*r.vPlane), take(planes*r.mPlane(Panel))
	}
	s.argmax = bytesOf(take(argmaxFloats))
	s.vectors, s.spare, s.in = take(vectorFloats), take(r.spare), scratch
	return s
}

// stripLoader copies rows of image n, from row on, with their border to in.
type stripLoader func(in, spare []float32, n, row, rows int)

// strips loads the strip of each image that the tile rows [first, last) lie in, and returns where
// the patches of each tile row begin.
func (r *winogradRun) strips(s *winogradSpace, first, last int, load stripLoader) [maxBlockTiles]int {
	var starts [maxBlockTiles]int
	at := 0
	for q := first; q < last; {
		n, ty := q/r.th, q%r.th
		count := min(r.th-ty, last-q)
		load(s.in[at:], s.spare, n, winogradTile*ty-r.padding, winogradTile*count+2)
		for i := range count {
			starts[q-first+i] = at + i*winogradTile*r.pitch
		}
		at += (winogradTile*count + 2) * r.pitch
		q += count
	}
	return starts
}

// runs calls f for the tiles [from, to) of a piece, one tile row at a time: count tiles from column
// col on, which are tiles at, at+1 … of the block.
func (r *winogradRun) runs(from, to int, f func(row, col, count, at int)) {
	for t := from; t < to; {
		row, col := t/r.tw, t%r.tw
		count := min(r.tw-col, to-t)
		f(row, col, count, t-from)
		t += count
	}
}

// run computes the outputs of the first images images from their strips and the transformed
// filters u. work is workSize floats.
func (r *winogradRun) run(p *Workers, load stripLoader, dst []float32, argmax []byte, u, b, work []float32, images int) error {
	p.Reserve(r.scratch())
	r.stream = r.ks.winograd.lanes == cacheLine && r.oc%cacheLine == 0 && streamed(dst, images*r.oh*r.ow*r.oc)
	if r.planeMajor {
		return r.convolvePlaneMajor(p, load, dst, argmax, u, b, work, images)
	}
	return r.eachPiece(p, 0, images*r.th, func(s winogradSpace, first, end int) {
		starts := r.strips(&s, first, end, load)
		r.convolve(&s, &starts, first, (end-first)*r.tw, dst, argmax, u, b)
	})
}

// eachPiece calls f for the pieces of the tile rows [start, last): the worker's space and the
// piece's rows [first, end). The space is a copy, so that f does not cause an allocation a piece.
func (r *winogradRun) eachPiece(p *Workers, start, last int, f func(s winogradSpace, first, end int)) error {
	return p.Run((last-start+r.rows-1)/r.rows, func(worker, piece int) {
		first := start + piece*r.rows
		f(r.space(p.Scratch(worker)), first, min(first+r.rows, last))
	})
}

// convolve computes the outputs of the tile rows from first on, in blocks of their tiles.
func (r *winogradRun) convolve(s *winogradSpace, starts *[maxBlockTiles]int, first, tiles int, dst []float32, argmax []byte, u, b []float32) {
	for from := 0; from < tiles; from += r.block {
		to := min(from+r.block, tiles)
		r.transform(s.v, s.in, starts, from, to)
		for col := 0; col < r.oc; col += Panel {
			width := min(Panel, r.oc-col)
			t := r.products(s.m, s.v, u, to-from, col, width)
			t.run(r.ks)
			r.runs(from, to, func(row, tx, count, at int) {
				r.store(s, s.m, dst, argmax, bias(b, col), first+row, tx, count, at, col, width)
			})
		}
	}
}

// transform makes V of the tiles [from, to) of the strips in.
func (r *winogradRun) transform(v, in []float32, starts *[maxBlockTiles]int, from, to int) {
	r.runs(from, to, func(row, col, count, at int) {
		toPlanes{
			dst: v[at*r.ldv:], src: in[starts[row]+winogradTile*col*r.c:], tiles: count, cols: r.c,
			plane: r.vPlane, ldd: r.ldv, pitch: r.pitch, pixel: r.c, step: winogradTile * r.c,
		}.input(r.ks)
	})
}

// products is M = V·U of tiles tiles for the panel of width columns from col on, a batch of one
// product a plane.
func (r *winogradRun) products(m, v, u []float32, tiles, col, width int) tile {
	return tile{
		dst: m, a: v, b: u[planes*r.c*col:], off: origin[:], rows: tiles, cols: width, k: r.c,
		aRow: r.ldv, aK: 1, ldb: width, ldd: width,
		batch: planes, aBatch: r.vPlane, bBatch: r.c * width, dBatch: r.mPlane(width),
	}
}

// bias is b from column col on, or zeros.
func bias(b []float32, col int) []float32 {
	if b == nil {
		return zeros[:]
	}
	return b[col:]
}

// The offsets of a tile without taps, and the bias of a layer without bias.
var (
	origin = [1]int{}
	zeros  [Panel]float32
)

// store writes the outputs of count tiles of tile row q: a panel of width channels from col on.
func (r *winogradRun) store(s *winogradSpace, m, dst []float32, argmax []byte, bias []float32, q, tx, count, at, col, width int) {
	side := winogradTile // of a tile's output
	if r.pooled {
		side = 2
	}
	n, top := q/r.th, q%r.th*side
	rows := min(side, r.oh-top)
	g := fromPlanes{
		src: m[at*width:], bias: bias, cols: width, plane: r.mPlane(width), lds: width,
		pitch: r.ow * r.oc, pixel: r.oc, step: side * r.oc, floor: r.floor, stream: r.stream,
	}
	to := ((n*r.oh+top)*r.ow+side*tx)*r.oc + col
	whole := 0
	if rows == side {
		whole = max(0, min(count, r.ow/side-tx))
	}
	if whole > 0 {
		g.tiles, g.dst = whole, dst[to:]
		r.write(g, tail(argmax, to), s)
	}
	for i := whole; i < count; i++ {
		g.src = m[(at+i)*width:]
		if cols := min(side, r.ow-side*(tx+i)); rows > 0 && cols > 0 {
			r.storePart(s, g, dst[to+i*g.step:], tail(argmax, to+i*g.step), rows, cols)
		}
	}
}

// tail is argmax from at on, nil if argmax is nil.
func tail(argmax []byte, at int) []byte {
	if argmax == nil {
		return nil
	}
	return argmax[at:]
}

// write stores tiles, pooled or not.
func (r *winogradRun) write(g fromPlanes, argmax []byte, s *winogradSpace) {
	if r.pooled {
		g.pool(r.ks, argmax, s.vectors)
	} else {
		g.output(r.ks)
	}
}

// storePart writes the first rows×cols pixels of a tile, by way of the patch.
func (r *winogradRun) storePart(s *winogradSpace, g fromPlanes, dst []float32, argmax []byte, rows, cols int) {
	part := g
	part.stream = false
	part.tiles, part.dst, part.pitch, part.pixel = 1, s.patch, winogradTile*g.cols, g.cols
	var chosen []byte
	if argmax != nil {
		chosen = s.argmax
	}
	r.write(part, chosen, s)
	for i := range rows {
		for j := range cols {
			at, from := i*g.pitch+j*g.pixel, i*part.pitch+j*part.pixel
			copy(dst[at:][:g.cols], s.patch[from:])
			if argmax != nil {
				copy(argmax[at:][:g.cols], chosen[from:])
			}
		}
	}
}
