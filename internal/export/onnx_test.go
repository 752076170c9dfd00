package export

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"io/fs"
	"math"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vggtrain/blocks"
	"vggtrain/checkpoint"
	"vggtrain/model"
)

var update = flag.Bool("update", false, "write testdata/network.onnx anew; then scripts/check_onnx.py golden checks it")

// every is a network that has each kind of layer, with sizes that do not divide by each other.
var every = []blocks.Layer{
	blocks.Conv2d{Out: 4, Kernel: 3, Stride: 1, Padding: 1}, blocks.ReLU{}, blocks.MaxPool2d{Kernel: 2, Stride: 2}, // 29, 14
	blocks.Conv2d{Out: 6, Kernel: 5, Stride: 2, Padding: 2}, blocks.Sigmoid{}, blocks.AvgPool2d{Kernel: 2, Stride: 1}, // 7, 6
	blocks.Conv2d{Out: 5, Kernel: 1, Stride: 1}, blocks.MaxPool2d{Kernel: 3, Stride: 2}, // 6, 2
	blocks.LocalResponseNorm{Size: 3, Alpha: 0.5, Beta: 0.75, K: 2},
	blocks.Flatten{},
	blocks.Linear{Out: 7}, blocks.ReLU{}, blocks.Dropout{P: 0.5},
	blocks.Linear{Out: 3}, blocks.Dropout{P: 0.25},
}

const channels, side = 3, 29 // of images: RGB, and pixels

func newWorkers(t *testing.T) *model.Workers {
	t.Helper()
	workers, err := model.NewWorkers(1, "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(workers.Close)
	return workers
}

// network makes a network of layers for images in colour, with the weights of a seed.
func network(t *testing.T, list []blocks.Layer) (*Network, model.Params) {
	t.Helper()
	layers, err := model.ResolveLayers("every", list, channels, side, side)
	if err != nil {
		t.Fatal(err)
	}
	ps, err := model.NewParams(layers)
	if err == nil {
		err = ps.Init("kaiming", 3)
	}
	if err != nil {
		t.Fatal(err)
	}
	n := &Network{Name: "every", Layers: layers}
	workers := newWorkers(t)
	for _, p := range ps {
		tensor := checkpoint.Tensor{Name: p.Name, Shape: p.Shape, Data: make([]float32, p.Len())}
		if _, err := p.Export(workers, tensor.Data); err != nil {
			t.Fatal(err)
		}
		n.Weights = append(n.Weights, tensor)
	}
	return n, ps
}

// golden is the network that testdata/network.onnx holds.
func golden(t *testing.T) (*Network, model.Params) {
	n, ps := network(t, every)
	n.Mean, n.Deviation = []float64{0.485, 0.456, 0.406}, []float64{0.229, 0.224, 0.225}
	n.Metadata = map[string]string{"vggtrain.classes": `["Hemd","ø","<c>"]`, "vggtrain.arch": "name: every\n"}
	return n, ps
}

func written(t *testing.T, n *Network) []byte {
	t.Helper()
	f, err := NewONNX(n)
	if err != nil {
		t.Fatal(err)
	}
	var file bytes.Buffer
	if err := f.Write(&file); err != nil {
		t.Fatal(err)
	}
	if int64(file.Len()) != f.Size() {
		t.Errorf("%d bytes, Size says %d", file.Len(), f.Size())
	}
	return file.Bytes()
}

func TestONNXSays(t *testing.T) {
	n, _ := golden(t)
	got := decodeModel(t, written(t, n))
	want := decodedModel{
		IR: 7, Opset: 13, Producer: "vggtrain", Graph: "every",
		Metadata: [][2]string{{"vggtrain.arch", "name: every\n"}, {"vggtrain.classes", `["Hemd","ø","<c>"]`}},
		Nodes: []string{
			"normalize.subtract: Sub(input, normalize.mean) -> normalize.subtract",
			"normalize.divide: Div(normalize.subtract, normalize.deviation) -> normalize.divide",
			"features.0: Conv(normalize.divide, features.0.weight, features.0.bias) -> features.0 dilations=[1 1] group=1 kernel_shape=[3 3] pads=[1 1 1 1] strides=[1 1]",
			"features.1: Relu(features.0) -> features.1",
			"features.2: MaxPool(features.1) -> features.2 kernel_shape=[2 2] pads=[0 0 0 0] strides=[2 2]",
			"features.3: Conv(features.2, features.3.weight, features.3.bias) -> features.3 dilations=[1 1] group=1 kernel_shape=[5 5] pads=[2 2 2 2] strides=[2 2]",
			"features.4: Sigmoid(features.3) -> features.4",
			"features.5: AveragePool(features.4) -> features.5 kernel_shape=[2 2] pads=[0 0 0 0] strides=[1 1]",
			"features.6: Conv(features.5, features.6.weight, features.6.bias) -> features.6 dilations=[1 1] group=1 kernel_shape=[1 1] pads=[0 0 0 0] strides=[1 1]",
			"features.7: MaxPool(features.6) -> features.7 kernel_shape=[3 3] pads=[0 0 0 0] strides=[2 2]",
			"features.8: LRN(features.7) -> features.8 alpha=0.5 beta=0.75 bias=2 size=3",
			"flatten: Flatten(features.8) -> flatten axis=1",
			"classifier.0: Gemm(flatten, classifier.0.weight, classifier.0.bias) -> classifier.0 transB=1",
			"classifier.1: Relu(classifier.0) -> classifier.1",
			"classifier.3: Gemm(classifier.1, classifier.3.weight, classifier.3.bias) -> logits transB=1",
		},
		Inputs:  []string{"input: float N×3×29×29"},
		Outputs: []string{"logits: float N×3"},
		Values: []string{
			"normalize.subtract: float N×3×29×29", "normalize.divide: float N×3×29×29",
			"features.0: float N×4×29×29", "features.1: float N×4×29×29", "features.2: float N×4×14×14",
			"features.3: float N×6×7×7", "features.4: float N×6×7×7", "features.5: float N×6×6×6",
			"features.6: float N×5×6×6", "features.7: float N×5×2×2", "features.8: float N×5×2×2", "flatten: float N×20",
			"classifier.0: float N×7", "classifier.1: float N×7",
		},
		Initializers: []decodedTensor{
			{"normalize.mean", []int64{1, 3, 1, 1}, 1, []float32{0.485, 0.456, 0.406}},
			{"normalize.deviation", []int64{1, 3, 1, 1}, 1, []float32{0.229, 0.224, 0.225}},
		},
	}
	for _, w := range n.Weights {
		d := decodedTensor{Name: w.Name, Type: 1, Data: w.Data}
		for _, dim := range w.Shape {
			d.Dims = append(d.Dims, int64(dim))
		}
		want.Initializers = append(want.Initializers, d)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// Pixels that stay as they are need no nodes.
func TestONNXNormalization(t *testing.T) {
	const plain, normalized = "features.0: Conv(input, ", "normalize.subtract: Sub(input, "
	for _, by := range []struct {
		mean, deviation []float64
		want            string
	}{
		{nil, nil, plain}, {[]float64{0, 0, 0}, []float64{1, 1, 1}, plain},
		{[]float64{0, 0, 0}, []float64{1, 1, 0.5}, normalized}, {[]float64{0, 0.5, 0}, []float64{1, 1, 1}, normalized},
	} {
		n, _ := network(t, every)
		n.Mean, n.Deviation = by.mean, by.deviation
		got := decodeModel(t, written(t, n))
		if first := got.Initializers[0].Name; !strings.HasPrefix(got.Nodes[0], by.want) || (first == meanName) != (by.want == normalized) {
			t.Errorf("mean %v, deviation %v: begins with %s, %s", by.mean, by.deviation, got.Nodes[0], first)
		}
	}
}

// A tensor that is longer than what is turned into bytes at a time.
func TestONNXLongTensor(t *testing.T) {
	n, _ := network(t, []blocks.Layer{blocks.Flatten{}, blocks.Linear{Out: 2*chunk/(side*side) + 1}})
	got := decodeModel(t, written(t, n)).Initializers
	if len(got) != 2 || len(got[0].Data) <= 2*chunk || !slices.Equal(got[0].Data, n.Weights[0].Data) || !slices.Equal(got[1].Data, n.Weights[1].Data) {
		t.Errorf("the weights differ")
	}
}

// State without a gradient is an input of its layer's node, and written, as weights are.
func TestONNXRunningState(t *testing.T) {
	n, _ := network(t, every)
	last := &n.Layers[13]
	mean := blocks.Param{Name: last.Name + ".running_mean", Shape: []int{3}, Running: true}
	last.Specs = append(last.Specs, model.ParamSpec{Param: mean})
	n.Weights = append(n.Weights, checkpoint.Tensor{Name: mean.Name, Shape: mean.Shape, Data: []float32{1, 2, 3}})
	got := decodeModel(t, written(t, n))
	if node, want := got.Nodes[len(got.Nodes)-1], "classifier.3.bias, classifier.3.running_mean) -> logits"; !strings.Contains(node, want) {
		t.Errorf("the last node is %s, want one with %s", node, want)
	}
	want := decodedTensor{mean.Name, []int64{3}, 1, []float32{1, 2, 3}}
	if diff := cmp.Diff(want, got.Initializers[len(got.Initializers)-1]); diff != "" {
		t.Errorf("the last weight (-want +got):\n%s", diff)
	}
}

// TestEveryLayer fails where the network of these tests lacks a kind of layer: docs/arch.md lists
// all of them.
func TestEveryLayer(t *testing.T) {
	page, err := os.ReadFile("../../docs/arch.md")
	if err != nil {
		t.Fatal(err)
	}
	have := map[string]bool{}
	for _, l := range every {
		have[blocks.Type(l)] = true
	}
	rows := regexp.MustCompile("(?m)^\\| `\\w+` \\| (\\w+) \\| (?:any|an image|a row) ").FindAllSubmatch(page, -1)
	if len(rows) < len(have) {
		t.Errorf("docs/arch.md lists %d kinds of layers, fewer than this test has", len(rows))
	}
	for _, row := range rows {
		if kind := string(row[1]); !have[kind] {
			t.Errorf("blocks.%s: add it to the network of these tests, and run scripts/check_onnx.py golden", kind)
		}
	}
}

// Swish is a layer that no part of the program knows.
type Swish struct{ blocks.SameShape }

func TestONNXErrors(t *testing.T) {
	renamed, _ := network(t, every)
	renamed.Weights[3].Name = "features.9.bias"
	misshaped, _ := network(t, every)
	misshaped.Weights[0].Shape = []int{4, 9}
	strange, _ := network(t, every)
	strange.Layers[4].Module, strange.Layers[4].Type = Swish{}, "Swish"
	even, _ := network(t, every)
	even.Layers[8].Module = blocks.LocalResponseNorm{Size: 4, K: 1}
	idle, _ := network(t, every)
	idle.Layers = idle.Layers[12:13]
	grey, _ := network(t, every)
	grey.Mean, grey.Deviation = []float64{0.5}, []float64{0.5}
	for want, n := range map[string]*Network{
		"every: 1 means and 1 deviations for images of 3 channels":             grey,
		"every: no features.3.bias of shape [6]":                               renamed,
		"every: no features.0.weight of shape [4 3 3 3]":                       misshaped,
		"every: features.4: a layer Swish, which no ONNX":                      strange,
		"every: features.8: lrn of size 4; ONNX's and PyTorch's windows agree": even,
		"every: a network that does nothing":                                   idle,
	} {
		if f, err := NewONNX(n); f != nil || err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("error %v, want one that begins with %q", err, want)
		}
	}
}

// Layers that share their numbers make a network of more than 2 GiB in the memory of one layer.
func TestONNXTooLarge(t *testing.T) {
	const features, most = 4096, 2 << 30 / (4 * 4096 * 4096)
	list := []blocks.Layer{blocks.Flatten{}, blocks.Linear{Out: features}}
	for range most {
		list = append(list, blocks.Linear{Out: features})
	}
	layers, err := model.ResolveLayers("wide", list, 1, 1, 1)
	if err != nil {
		t.Fatal(err)
	}
	shared := make([]float32, features*features)
	n := &Network{Name: "wide", Layers: layers}
	for _, l := range layers[1:] {
		for _, spec := range l.Specs {
			n.Weights = append(n.Weights, checkpoint.Tensor{Name: spec.Name, Shape: spec.Shape, Data: shared[:spec.Len()]})
		}
	}
	if _, err := NewONNX(n); !errors.Is(err, ErrTooLarge) || !strings.Contains(err.Error(), "and a protobuf file has 2147483647 at most") {
		t.Errorf("error %v", err)
	}
	n.Layers = layers[:most]
	f, err := NewONNX(n)
	if err != nil {
		t.Fatal(err)
	}
	if f.Size() > math.MaxInt32 || f.Size() < 4*(most-2)*features*features {
		t.Errorf("%d bytes", f.Size())
	}
}

// fullAfter fails once so many bytes are written.
type fullAfter struct{ left int }

func (w *fullAfter) Write(p []byte) (int, error) {
	if len(p) > w.left {
		return w.left, fs.ErrPermission
	}
	w.left -= len(p)
	return len(p), nil
}

func TestONNXWriteFails(t *testing.T) {
	n, _ := golden(t)
	f, err := NewONNX(n)
	if err != nil {
		t.Fatal(err)
	}
	for left := range int(f.Size()) {
		if err := f.Write(&fullAfter{left}); !errors.Is(err, fs.ErrPermission) {
			t.Fatalf("room for %d bytes of %d: %v", left, f.Size(), err)
		}
	}
	if err := f.Write(io.Discard); err != nil {
		t.Error(err)
	}
}

// goldenLogits is testdata/network.json, which scripts/check_onnx.py golden writes: what
// onnxruntime makes of testdata/network.onnx.
type goldenLogits struct {
	ONNX, Onnxruntime string // versions
	SHA256            string // of the file
	Images            int
	Logits            []float64
}

// TestGolden compares the bytes of an export with a file that onnx.checker has accepted, and our
// logits with those of onnxruntime.
func TestGolden(t *testing.T) {
	n, ps := golden(t)
	file := written(t, n)
	if *update {
		if err := os.WriteFile("testdata/network.onnx", file, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	data, err := os.ReadFile("testdata/network.json")
	if err != nil {
		t.Fatal(err)
	}
	var want goldenLogits
	if err := json.Unmarshal(data, &want); err != nil {
		t.Fatal(err)
	}
	if digest := sha256.Sum256(file); hex.EncodeToString(digest[:]) != want.SHA256 {
		t.Errorf("the file's digest is %x, that of the one that onnxruntime has run is %s", digest, want.SHA256)
	}
	images := make([]float32, want.Images*side*side*channels) // N×S×S×C
	for i := range images {
		image, place, c := i/(side*side*channels), i/channels%(side*side), i%channels
		pixel := float32(((image*channels+c)*side*side+place)*37%256) / 255
		images[i] = (pixel - float32(n.Mean[c])) / float32(n.Deviation[c])
	}
	evaluator, err := model.NewEvaluator(newWorkers(t), n.Layers, ps, want.Images)
	if err != nil {
		t.Fatal(err)
	}
	logits, err := evaluator.Logits(images, want.Images)
	if err != nil {
		t.Fatal(err)
	}
	// Sums of at most 150 terms in six layers, by two programs: √2·√6·√150·2⁻²⁴ = 2.5e-6 of the
	// largest.
	var largest, off float64
	for i, w := range want.Logits {
		largest = max(largest, math.Abs(w))
		off = max(off, math.Abs(w-float64(logits[i])))
	}
	if len(logits) != len(want.Logits) || !(off <= 2.5e-6*largest) {
		t.Errorf("%d logits off by %v, the largest is %v", len(logits), off, largest)
	}
}

// A file names the version of ONNX's operators that the newest of its own is of.
func TestONNXOpset(t *testing.T) {
	for want, newest := range map[int]int{leastOpset: 11, 20: 20} {
		if got := opset([]node{{Operation: model.Operation{Opset: newest}}, {Operation: model.Operation{Opset: 11}}}); got != want {
			t.Errorf("operators of %d and 11: opset %d, want %d", newest, got, want)
		}
	}
}
