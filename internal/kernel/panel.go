package kernel

// Panel is the number of columns of a panel.
//
// A matrix of K rows and N columns of weights is stored in column panels: panel p holds the
// columns [32p, 32p+w), w = min(32, N-32p), row-major, so that a register tile reads its
// columns of successive rows from successive memory. Panels follow each other without padding.
const Panel = 32

// panelCount is the number of panels of N columns.
func panelCount(N int) int { return (N + Panel - 1) / Panel }

// PanelIndex is the offset of element (k, n) of a K×N matrix stored in panels.
func PanelIndex(K, N, k, n int) int {
	first := n &^ (Panel - 1)
	return K*first + k*min(Panel, N-first) + n - first
}

// Transpose is
//
//	dst[c·dstStride + r] = src[r·srcStride + c]   for r in [0, rows) and c in [0, cols)
//
// with the kernels of p, on the calling goroutine only.
func Transpose(p *Workers, dst, src []float32, rows, cols, dstStride, srcStride int) {
	p.kernels.transpose(dst, src, rows, cols, dstStride, srcStride)
}
