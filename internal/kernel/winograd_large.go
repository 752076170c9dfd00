package kernel

// Layers of many channels have transformed filters U too large for the cache: a 512→512 layer's
// take 37 MB, and reading them for each block of 28 tiles would cost more than the products.
// There V and M of many tiles are kept in memory, plane by plane, and each plane is one
// matrix product, for which U is read once.

// convolvePlaneMajor is run for such layers. It makes all patches of a chunk of tile rows, then all
// their products, then all outputs.
func (r *winogradRun) convolvePlaneMajor(p *Workers, load stripLoader, dst []float32, argmax []byte, u, b, work []float32, images int) error {
	v, m := work[:planes*r.vPlane], work[planes*r.vPlane:]
	for start := 0; start < images*r.th; start += r.chunk {
		last := min(start+r.chunk, images*r.th)
		if err := r.eachPiece(p, start, last, func(s winogradSpace, first, end int) {
			starts := r.strips(&s, first, end, load)
			r.transform(v[(first-start)*r.tw*r.ldv:], s.in, &starts, 0, (end-first)*r.tw)
		}); err != nil {
			return err
		}
		if err := r.eachPlane(p, func(e, col, width int) {
			t := r.products(m[r.panel(col):], v, u, (last-start)*r.tw, col, width).product(e)
			t.run(p.kernels)
		}); err != nil {
			return err
		}
		if err := r.eachPiece(p, start, last, func(s winogradSpace, first, end int) {
			for col := 0; col < r.oc; col += Panel {
				width := min(Panel, r.oc-col)
				products := m[r.panel(col)+(first-start)*r.tw*width:]
				r.runs(0, (end-first)*r.tw, func(row, tx, count, at int) {
					r.store(&s, products, dst, argmax, bias(b, col), first+row, tx, count, at, col, width)
				})
			}
		}); err != nil {
			return err
		}
	}
	return nil
}

// eachPlane calls f for each plane e of each panel: its width columns from col on.
func (r *winogradRun) eachPlane(p *Workers, f func(e, col, width int)) error {
	panels := panelCount(r.oc)
	return p.Run(planes*panels, func(_, piece int) {
		col := piece % panels * Panel
		f(piece/panels, col, min(Panel, r.oc-col))
	})
}

// sumPlaneMajor makes the sums of all images, as sumGroup does for a group.
func (r *winogradWeightRun) sumPlaneMajor(p *Workers, sums, work []float32, src weightSource) error {
	v, m := work[:planes*r.x.vPlane], work[planes*r.x.vPlane:]
	for start := 0; start < src.last; start += r.x.chunk {
		last := min(start+r.x.chunk, src.last)
		if err := r.x.eachPiece(p, start, last, func(s winogradSpace, first, end int) {
			at, tiles := (first-start)*r.x.tw, (end-first)*r.x.tw
			starts := r.x.strips(&s, first, end, src.pixels)
			r.x.transform(v[at*r.x.ldv:], s.in, &starts, 0, tiles)
			starts = r.dy.strips(&s, first, end, src.gradient)
			for col := 0; col < r.OC; col += Panel {
				width := min(Panel, r.OC-col)
				r.gradientToPlanes(m[r.x.panel(col)+at*width:], s.in, &starts, tiles, col, width)
			}
		}); err != nil {
			return err
		}
		if err := r.x.eachPlane(p, func(e, col, width int) {
			panel, tiles := m[r.x.panel(col):], (last-start)*r.x.tw
			t := r.products(sums, v, panel, tiles, col, width, start > 0).product(e)
			t.run(p.kernels)
			if e == onesPlane {
				r.sumBias(sums, panel, tiles, col, width, start > 0)
			}
		}); err != nil {
			return err
		}
	}
	return nil
}
