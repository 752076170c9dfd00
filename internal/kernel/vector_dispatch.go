package kernel

func add(isa ISA, dst, src []float32) { addGeneric(dst, src) }

func mask(isa ISA, dst, dy, y []float32, pixels, cols, dstStride, srcStride int) {
	maskGeneric(dst, dy, y, pixels, cols, dstStride, srcStride)
}

func maxPool2(isa ISA, dst []float32, arg []byte, top, bottom []float32, windows, cols int) {
	maxPool2Generic(dst, arg, top, bottom, windows, cols)
}

func unpool2(isa ISA, top, bottom, dy, y []float32, arg []byte, windows, cols, dstStride, srcStride int) {
	unpool2Generic(top, bottom, dy, y, arg, windows, cols, dstStride, srcStride)
}

func sgd(isa ISA, w, g, v []float32, s SGD) { sgdGeneric(w, g, v, s) }

func sumSquares(isa ISA, src []float32) float64 { return sumSquaresGeneric(src) }
