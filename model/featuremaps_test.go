package model

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gorgonia.org/gorgonia"

	"vggtrain/blocks"
)

// visited is an Activation with its channels one after the other.
type visited struct {
	First, Last string
	Shape       []int
	values      []float32
}

func activations(t *testing.T, layers []Layer, ps Params, image []float32) []visited {
	t.Helper()
	var list []visited
	err := Activations(newWorkers(t, 2), layers, ps, image, func(a *Activation) error {
		size := blocks.Size(a.Shape[1:])
		values := make([]float32, a.Shape[0]*size)
		for c := range a.Shape[0] {
			a.Channel(values[c*size:(c+1)*size], c)
		}
		if a.Bytes < int64(4*len(values)) {
			t.Errorf("%s: %d bytes were taken for %d numbers", a.First, a.Bytes, len(values))
		}
		list = append(list, visited{a.First, a.Last, a.Shape, values})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// Where the blocks of networks of several kinds end, and that the logits are the evaluator's, bit
// for bit.
func TestActivations(t *testing.T) {
	conv := func(out, kernel, stride, padding int) blocks.Layer {
		return blocks.Conv2d{Out: out, Kernel: kernel, Stride: stride, Padding: padding}
	}
	pool, relu := blocks.MaxPool2d{Kernel: 2, Stride: 2}, blocks.ReLU{}
	head := blocks.Classifier([]int{12}, blocks.Dropout{P: 0.5}, blocks.Linear{Out: 5})
	for name, c := range map[string]struct {
		list []blocks.Layer
		side int
		want []visited
	}{
		"vgg": {
			slices.Concat(blocks.VGGBlock(1, 4), blocks.VGGBlock(2, 6), head), 12,
			[]visited{
				{First: "features.0", Last: "features.2", Shape: []int{4, 6, 6}},
				{First: "features.3", Last: "features.7", Shape: []int{6, 3, 3}},
				{First: "flatten", Last: "classifier.3", Shape: []int{5}},
			},
		},
		"lenet": { // convolutions without padding, and a pool that is not fused
			slices.Concat([]blocks.Layer{conv(6, 5, 1, 2), relu, pool, conv(16, 5, 1, 0), relu, blocks.MaxPool2d{Kernel: 3, Stride: 1}}, head), 28,
			[]visited{
				{First: "features.0", Last: "features.2", Shape: []int{6, 14, 14}},
				{First: "features.3", Last: "features.5", Shape: []int{16, 8, 8}},
				{First: "flatten", Last: "classifier.3", Shape: []int{5}},
			},
		},
		"strided": { // no pools at all
			slices.Concat([]blocks.Layer{conv(4, 3, 1, 1), relu, conv(4, 3, 2, 1), relu, conv(8, 3, 2, 1), relu}, head), 16,
			[]visited{
				{First: "features.0", Last: "features.3", Shape: []int{4, 8, 8}},
				{First: "features.4", Last: "features.5", Shape: []int{8, 4, 4}},
				{First: "flatten", Last: "classifier.3", Shape: []int{5}},
			},
		},
		"dense": {
			head, 6, []visited{{First: "flatten", Last: "classifier.3", Shape: []int{5}}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			j := newLayersJob(t, c.list, c.side)
			got := activations(t, j.layers, j.ps, j.images)
			if diff := cmp.Diff(c.want, got, cmp.FilterPath(func(p cmp.Path) bool { return p.Last().String() == ".values" }, cmp.Ignore()), cmp.AllowUnexported(visited{})); diff != "" {
				t.Errorf("blocks (-want +got):\n%s", diff)
			}
			evaluator, err := NewEvaluator(newWorkers(t, 2), j.layers, j.ps, 1)
			if err != nil {
				t.Fatal(err)
			}
			logits, err := evaluator.Logits(j.images, 1)
			if err != nil {
				t.Fatal(err)
			}
			if last := got[len(got)-1].values; !slices.Equal(last, logits) {
				t.Errorf("logits %v, the evaluator's are %v", last, logits)
			}
		})
	}
}

// newLayersJob is newJob of one image for any list of layers.
func newLayersJob(t *testing.T, list []blocks.Layer, side int) *job {
	t.Helper()
	layers, err := ResolveLayers("test", list, 1, side, side)
	if err != nil {
		t.Fatal(err)
	}
	j := &job{layers: layers, ps: mustParams(t, layers), images: make([]float32, side*side)}
	if err := j.ps.Init("xavier", 3); err != nil {
		t.Fatal(err)
	}
	for i := range j.images {
		j.images[i] = float32(i%7) / 7
	}
	return j
}

// A block's maps are what convolution, ReLU and pool give when they are computed as they are
// defined, channel by channel.
func TestActivationsAreTheLayersOwn(t *testing.T) {
	const side, channels = 6, 3
	j := newLayersJob(t, append(blocks.VGGBlock(1, channels), blocks.Classifier(nil, nil, blocks.Linear{Out: 2})...), side)
	weight := make([]float32, j.ps[0].Len()) // O×1×3×3
	if _, err := j.ps[0].Export(newWorkers(t, 1), weight); err != nil {
		t.Fatal(err)
	}
	bias := j.ps[1].Data
	pixel := func(y, x int) float64 {
		if y < 0 || y >= side || x < 0 || x >= side {
			return 0
		}
		return float64(j.images[y*side+x])
	}
	var want []float64
	for c := range channels {
		for y := range side / 2 {
			for x := range side / 2 {
				top := 0.0 // ReLU's
				for corner := range 4 {
					sum := float64(bias[c])
					for tap := range 9 {
						sum += float64(weight[c*9+tap]) * pixel(2*y+corner/2+tap/3-1, 2*x+corner%2+tap%3-1)
					}
					top = max(top, sum)
				}
				want = append(want, top)
			}
		}
	}
	got := activations(t, j.layers, j.ps, j.images)[0]
	for i, v := range got.values {
		if !(math.Abs(float64(v)-want[i]) <= 20*0x1p-24) { // ten terms of at most about 1, summed in float32
			t.Errorf("number %d is %v, want %v", i, v, want[i])
		}
	}
	if len(got.values) != len(want) {
		t.Errorf("%d numbers, want %d", len(got.values), len(want))
	}
}

func TestActivationsRefuse(t *testing.T) {
	j := newLayersJob(t, append(blocks.VGGBlock(1, 2), blocks.Classifier(nil, nil, blocks.Linear{Out: 2})...), 4)
	ignore := func(*Activation) error { return nil }
	if err := Activations(newWorkers(t, 1), j.layers, j.ps, j.images[1:], ignore); err == nil || !strings.Contains(err.Error(), "15 pixels") {
		t.Errorf("a pixel too few: %v", err)
	}
	if err := Activations(newWorkers(t, 1), j.layers[:3], j.ps, j.images, ignore); err == nil {
		t.Error("layers without logits are accepted")
	}
	stop, visits := errors.New("stop"), 0
	err := Activations(newWorkers(t, 1), j.layers, j.ps, j.images, func(*Activation) error {
		visits++
		return stop
	})
	if !errors.Is(err, stop) || visits != 1 {
		t.Errorf("after an error of visit: %v, %d visits", err, visits)
	}
}

// closing counts how often a machine is closed.
type closing struct {
	gorgonia.VM
	count int
}

func (c *closing) Close() error {
	c.count++
	return c.VM.Close()
}

func TestRunOnceCloses(t *testing.T) {
	j := newLayersJob(t, append(blocks.VGGBlock(1, 2), blocks.Classifier(nil, nil, blocks.Linear{Out: 2})...), 4)
	for _, image := range [][]float32{j.images, j.images[1:]} {
		g, err := forward(newWorkers(t, 1), fuse(j.layers), j.ps, 1)
		if err != nil {
			t.Fatal(err)
		}
		g.start()
		machine := &closing{VM: g.tape}
		g.tape = machine
		if err := g.runOnce(image); (err == nil) != (len(image) == 16) || machine.count != 1 {
			t.Errorf("%d pixels: %v, closed %d times", len(image), err, machine.count)
		}
	}
}
