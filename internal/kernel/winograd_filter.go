package kernel

// filters transforms n filters, G g Gᵀ (see winograd_transform.go): tap t of filter i at
// src[t*srcPlane+i], value e to dst[e*dstPlane+i].
func (ks *kernels) filters(dst, src []float32, n, dstPlane, srcPlane int) {
	whole := ks.winograd.whole(n)
	if whole > 0 {
		_, _ = dst[(planes-1)*dstPlane+whole-1], src[8*srcPlane+whole-1]
		ks.winograd.filter(&dst[0], &src[0], whole, dstPlane, srcPlane)
	}
	for i := whole; i < n; i++ {
		var columns [3][winogradPatch]float32
		for j := range columns {
			columns[j] = filterLine(src[j*srcPlane+i], src[(3+j)*srcPlane+i], src[(6+j)*srcPlane+i])
		}
		for r := range winogradPatch {
			for j, v := range filterLine(columns[0][r], columns[1][r], columns[2][r]) {
				dst[(r*winogradPatch+j)*dstPlane+i] = v
			}
		}
	}
}

// filterLine is Gg.
func filterLine(a, b, c float32) [winogradPatch]float32 {
	x, y := (a+c)*float32(-1./6), b*float32(-1./6)
	z, w := a*float32(1./24)+c*float32(1./6), b*float32(1./12)
	return [winogradPatch]float32{a * 0.25, x + y, x - y, z + w, z - w, c}
}

// filterGradients is the adjoint of filters, Gᵀ u G: value e of filter i at src[e*srcPlane+i],
// tap t to dst[t*dstPlane+i].
func (ks *kernels) filterGradients(dst, src []float32, n, dstPlane, srcPlane int) {
	whole := ks.winograd.whole(n)
	if whole > 0 {
		_, _ = dst[8*dstPlane+whole-1], src[(planes-1)*srcPlane+whole-1]
		ks.winograd.filterGradient(&dst[0], &src[0], whole, dstPlane, srcPlane)
	}
	for i := whole; i < n; i++ {
		var columns [winogradPatch][3]float32
		for j := range columns {
			var u [winogradPatch]float32
			for r := range u {
				u[r] = src[(r*winogradPatch+j)*srcPlane+i]
			}
			columns[j] = filterGradientLine(&u)
		}
		for r := range 3 {
			var u [winogradPatch]float32
			for j := range u {
				u[j] = columns[j][r]
			}
			for j, v := range filterGradientLine(&u) {
				dst[(3*r+j)*dstPlane+i] = v
			}
		}
	}
}

// filterGradientLine is Gᵀu.
func filterGradientLine(u *[winogradPatch]float32) [3]float32 {
	const sixth, twelfth, small = float32(1. / 6), float32(1. / 12), float32(1. / 24)
	a, b := u[1]+u[2], u[3]+u[4]
	return [3]float32{
		u[0]*0.25 - a*sixth + b*small,
		(u[2]-u[1])*sixth + (u[3]-u[4])*twelfth,
		(b-a)*sixth + u[5],
	}
}
