package op

import (
	"encoding/json"
	"math"
	"os"
	"testing"

	"gorgonia.org/gorgonia"

	"vggtrain/checkpoint"
	"vggtrain/internal/kernel"
)

// goldenCase is one case of testdata/golden.json, which scripts/golden_ops.py writes beside
// PyTorch's results: float64 computations stored as float32, in PyTorch's own layouts.
type goldenCase struct {
	Name, Values, Function  string
	Batch, Rows, Channels   int
	InChannels              int `json:"in_channels"`
	OutChannels             int `json:"out_channels"`
	Height, Width           int
	Kernel, Stride, Padding int
	In, Out, Classes        int
	ReLU, Pool              bool
	Smoothing               float64
	Size                    int
	Alpha, Beta, K          float64
	tensors                 map[string]checkpoint.Tensor
}

// goldens reads the cases of an operation.
func goldens(t *testing.T, operation string) []goldenCase {
	t.Helper()
	text, err := os.ReadFile("testdata/golden.json")
	if err != nil {
		t.Fatal(err)
	}
	var index map[string]json.RawMessage
	var cases []goldenCase
	if err := json.Unmarshal(text, &index); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(index[operation], &cases); err != nil {
		t.Fatal(err)
	}
	file, err := checkpoint.ReadForeign("testdata/" + operation + ".safetensors")
	if err != nil {
		t.Fatal(err)
	}
	tensors := map[string]checkpoint.Tensor{}
	for _, x := range file.Tensors {
		tensors[x.Name] = x
	}
	for i := range cases {
		cases[i].tensors = tensors
	}
	if len(cases) == 0 {
		t.Fatalf("no golden cases of %s", operation)
	}
	return cases
}

// get is a tensor of the case as it stands in the file.
func (c goldenCase) get(t *testing.T, name string) []float32 {
	t.Helper()
	x, ok := c.tensors[c.Name+"/"+name]
	if !ok {
		t.Fatalf("no golden tensor %s/%s", c.Name, name)
	}
	return x.Data
}

// nhwc is an N×C×H×W tensor of the case with its channels last.
func (c goldenCase) nhwc(t *testing.T, name string) []float32 {
	t.Helper()
	from, s := c.get(t, name), c.tensors[c.Name+"/"+name].Shape
	to := make([]float32, len(from))
	for i, v := range from {
		w, h, ch, n := i%s[3], i/s[3]%s[2], i/s[3]/s[2]%s[1], i/s[3]/s[2]/s[1]
		to[((n*s[2]+h)*s[3]+w)*s[1]+ch] = v
	}
	return to
}

// filters is an O×I×H×W tensor as a (H·W·I)×O matrix in panels.
func (c goldenCase) filters(t *testing.T, name string) []float32 {
	t.Helper()
	from, s := c.get(t, name), c.tensors[c.Name+"/"+name].Shape
	to := make([]float32, len(from))
	for i, v := range from {
		w, h, in, out := i%s[3], i/s[3]%s[2], i/s[3]/s[2]%s[1], i/s[3]/s[2]/s[1]
		to[kernel.PanelIndex(len(from)/s[0], s[0], (h*s[3]+w)*s[1]+in, out)] = v
	}
	return to
}

// matrix is an out×in tensor as an in×out matrix in panels.
func (c goldenCase) matrix(t *testing.T, name string) []float32 {
	t.Helper()
	from, s := c.get(t, name), c.tensors[c.Name+"/"+name].Shape
	to := make([]float32, len(from))
	for i, v := range from {
		to[kernel.PanelIndex(s[1], s[0], i%s[1], i/s[1])] = v
	}
	return to
}

// forwardOnly reports whether the case has no gradients: its input holds NaN.
func (c goldenCase) forwardOnly() bool { return c.Values == "nan" }

// near fails unless got is want up to the rounding of sums of terms products, in float32 and in
// any order: |error| ≤ (terms+2)·2⁻²⁴·Σ|products| (Higham 2002, section 3.1). The golden's own
// rounding to float32 is within it. mags are the sums of magnitudes.
func near(t *testing.T, what string, got, want, mags []float32, terms int) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d values, want %d", what, len(got), len(want))
	}
	for i, w := range want {
		g := got[i]
		if w != w || math.IsInf(float64(w), 0) {
			if g != w && !(g != g && w != w) {
				t.Fatalf("%s[%d] = %v, want %v", what, i, g, w)
			}
			continue
		}
		if bound := float64(terms+2) / (1 << 24) * float64(mags[i]); !(math.Abs(float64(g)-float64(w)) <= bound) {
			t.Fatalf("%s[%d] = %v, want %v within %.2g", what, i, g, w, bound)
		}
	}
}

func abs(s []float32) []float32 {
	out := make([]float32, len(s))
	for i, v := range s {
		out[i] = float32(math.Abs(float64(v)))
		if v != v || math.IsInf(float64(v), 0) {
			out[i] = 0 // what it touches is not finite and compared exactly
		}
	}
	return out
}

func everyISA(t *testing.T, f func(t *testing.T, isa string)) {
	for _, isa := range kernel.Available() {
		t.Run(isa, func(t *testing.T) { f(t, isa) })
	}
}

func TestConvGolden(t *testing.T) {
	cases := goldens(t, "conv")
	everyISA(t, func(t *testing.T, isa string) {
		for _, c := range cases {
			t.Run(c.Name, func(t *testing.T) { testConvGolden(t, c, isa) })
		}
	})
}

func testConvGolden(t *testing.T, c goldenCase, isa string) {
	p := newProbe(t, isa, 2, c.Batch)
	k := c.Kernel * c.Kernel * c.InChannels
	xv, wv, bv, want := c.nhwc(t, "x"), c.filters(t, "weight"), c.get(t, "bias"), c.nhwc(t, "y")
	dyv := make([]float32, len(want))
	if !c.forwardOnly() {
		dyv = c.nhwc(t, "dy")
	}
	x := p.activation(p.input("x", xv, c.Batch, c.Height, c.Width, c.InChannels))
	w, b := p.input("w", wv, k, c.OutChannels), p.input("b", bv, c.OutChannels)
	y := p.must(p.ops.Conv(x, w, b, ConvConfig{Kernel: c.Kernel, Stride: c.Stride, Padding: c.Padding, ReLU: c.ReLU, Pool: c.Pool}))
	p.plan(p.cost(y, dyv), p.inputs[0], w, b)
	if err := p.run(); err != nil {
		t.Fatal(err)
	}
	o := kernel.Conv{
		N: c.Batch, H: c.Height, W: c.Width, C: c.InChannels, OC: c.OutChannels,
		Kernel: c.Kernel, Stride: c.Stride, Padding: c.Padding, ReLU: c.ReLU, Pool: c.Pool,
	}
	var argmax []byte
	if c.Pool {
		argmax = y.Op().(*operation).writes[1].bytes
	}
	mag := o
	mag.ReLU = false
	workers := p.ops.workers
	terms := o.N * o.H * o.W // of a weight's gradient: a bound
	absY, absX, absW, absB := make([]float32, o.OutSize()), make([]float32, len(xv)), make([]float32, len(wv)), make([]float32, len(bv))
	u := make([]float32, mag.FilterSize(workers))
	for _, err := range []error{
		mag.TransformFilters(workers, u, abs(wv)),
		mag.Forward(workers, absY, make([]byte, len(absY)), abs(xv), abs(wv), abs(bv), u, make([]float32, mag.ForwardSize(workers)), o.N),
		mag.InputGradient(workers, absX, abs(dyv), nil, argmax, abs(wv), make([]float32, o.InputGradientSize(workers)), o.N),
		mag.WeightGradient(workers, absW, absB, abs(xv), abs(dyv), nil, argmax, make([]float32, o.WeightGradientSize(workers)), o.N),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	near(t, "y", floats(y.Value()), want, absY, k)
	if c.forwardOnly() {
		return
	}
	near(t, "dx", p.gradient(p.inputs[0]), c.nhwc(t, "dx"), absX, c.Kernel*c.Kernel*c.OutChannels)
	near(t, "dweight", p.gradient(w), c.filters(t, "dweight"), absW, terms)
	near(t, "dbias", p.gradient(b), c.get(t, "dbias"), absB, terms)
}

func TestDenseGolden(t *testing.T) {
	cases := goldens(t, "dense")
	everyISA(t, func(t *testing.T, isa string) {
		for _, c := range cases {
			t.Run(c.Name, func(t *testing.T) { testDenseGolden(t, c, isa) })
		}
	})
}

func testDenseGolden(t *testing.T, c goldenCase, isa string) {
	p := newProbe(t, isa, 2, c.Batch)
	xv, wv, bv, dyv := c.get(t, "x"), c.matrix(t, "weight"), c.get(t, "bias"), c.get(t, "dy")
	x := p.activation(p.input("x", xv, c.Batch, c.In))
	w, b := p.input("w", wv, c.In, c.Out), p.input("b", bv, c.Out)
	y := p.must(p.ops.Dense(x, w, b, c.ReLU))
	p.plan(p.cost(y, dyv), p.inputs[0], w, b)
	if err := p.run(); err != nil {
		t.Fatal(err)
	}
	mag := kernel.Dense{N: c.Batch, In: c.In, Out: c.Out}
	workers, packed, panels, turned := p.ops.workers, make([]float32, mag.PackedSize()), make([]float32, len(dyv)), make([]float32, len(dyv))
	absY, absX, absW, absB := make([]float32, len(dyv)), make([]float32, len(xv)), make([]float32, len(wv)), make([]float32, len(bv))
	weight := kernel.DenseGradient{Dense: mag, X: packed, DY: panels, Rows: c.Batch}
	for _, err := range []error{
		mag.Forward(workers, absY, abs(xv), abs(wv), abs(bv), packed, c.Batch),
		mag.Gradients(workers, panels, turned, absB, abs(dyv), nil, c.Batch),
		mag.InputGradient(workers, absX, turned, abs(wv), c.Batch),
		weight.Stream(workers, nil, func(from int, dw []float32) { copy(absW[from:], dw) }),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	near(t, "y", floats(y.Value()), c.get(t, "y"), absY, c.In)
	near(t, "dx", p.gradient(p.inputs[0]), c.get(t, "dx"), absX, c.Out)
	near(t, "dweight", p.gradient(w), c.matrix(t, "dweight"), absW, c.Batch)
	near(t, "dbias", p.gradient(b), c.get(t, "dbias"), absB, c.Batch)
}

// onImages runs an operation that has no parameters on the case's images, forward and back, and
// returns its output and, unless the case has none, the gradient dx.
func (c goldenCase) onImages(t *testing.T, isa string, add func(*Graph, *gorgonia.Node) (*gorgonia.Node, error)) (y, dx []float32) {
	t.Helper()
	p := newProbe(t, isa, 2, c.Batch)
	node := p.must(add(p.ops, p.activation(p.input("x", c.nhwc(t, "x"), c.Batch, c.Height, c.Width, c.Channels))))
	dy := make([]float32, node.Shape().TotalSize())
	if !c.forwardOnly() {
		dy = c.nhwc(t, "dy")
	}
	p.plan(p.cost(node, dy), p.inputs[0])
	if err := p.run(); err != nil {
		t.Fatal(err)
	}
	if !c.forwardOnly() {
		dx = p.gradient(p.inputs[0])
	}
	return floats(node.Value()), dx
}

func TestMaxPoolGolden(t *testing.T) {
	for _, c := range goldens(t, "maxpool") {
		t.Run(c.Name, func(t *testing.T) {
			y, dx := c.onImages(t, kernel.Generic, func(g *Graph, x *gorgonia.Node) (*gorgonia.Node, error) {
				return g.MaxPool(x, c.Kernel, c.Stride)
			})
			if d := equal(y, c.nhwc(t, "y")); d != "" {
				t.Errorf("y: %s", d)
			}
			if c.forwardOnly() {
				return
			}
			want := c.nhwc(t, "dx")
			// dx adds at most one dy of each window that holds the pixel.
			near(t, "dx", dx, want, abs(want), c.Kernel*c.Kernel)
		})
	}
}

func TestCrossEntropyGolden(t *testing.T) {
	for _, c := range goldens(t, "crossentropy") {
		t.Run(c.Name, func(t *testing.T) { testCrossEntropyGolden(t, c) })
	}
}

func testCrossEntropyGolden(t *testing.T, c goldenCase) {
	p := newProbe(t, kernel.Generic, 2, c.Batch)
	if err := p.ops.SetRows(c.Rows); err != nil {
		t.Fatal(err)
	}
	labels := make([]int32, c.Batch)
	for i, l := range c.get(t, "labels") {
		labels[i] = int32(l)
	}
	logits := p.input("logits", c.get(t, "logits"), c.Batch, c.Classes)
	loss := p.must(p.ops.CrossEntropy(logits, p.input("labels", labels, c.Batch), c.Smoothing))
	p.plan(loss, logits)
	if err := p.run(); err != nil {
		t.Fatal(err)
	}
	// Both sides compute in float64: only the golden's rounding to float32 remains.
	want := float64(c.get(t, "loss")[0])
	if got := p.ops.Loss(); !(math.Abs(got-want) <= math.Abs(want)/(1<<23)) {
		t.Errorf("loss = %v, want %v", got, want)
	}
	dl := c.get(t, "dlogits")
	ones := make([]float32, len(dl))
	for i := range ones {
		ones[i] = 1
	}
	near(t, "dlogits", p.gradient(logits)[:c.Rows*c.Classes], dl[:c.Rows*c.Classes], ones, 0)
}
