package model

import (
	"encoding/json"
	"math"
	"os"
	"testing"

	"vggtrain/blocks"
	"vggtrain/internal/rng"
)

// golden is testdata/network.json, which scripts/golden_network.py describes.
type golden struct {
	Seed, Pixels uint64
	Cases        map[string]goldenCase
}

type goldenCase struct {
	Shape     [4]int // N, C, H, W
	Classes   int
	Smoothing float64
	Logits    []float64
	Runs      []struct {
		Rows  int
		Loss  float64
		Grads map[string][]float64
	}
}

// goldenNetworks are the networks of the script.
func goldenNetworks() map[string][]blocks.Layer {
	vgg := NewVGG("golden", [][2]int{{2, 3}, {1, 35}}, []int{7, 40}, 0.5)
	return map[string][]blocks.Layer{
		"vgg": vgg.Layers(4),
		"strided": {
			blocks.Conv2d{Out: 33, Kernel: 5, Stride: 2, Padding: 2}, blocks.ReLU{}, blocks.MaxPool2d{Kernel: 3, Stride: 2},
			blocks.Conv2d{Out: 4, Kernel: 1, Stride: 1}, blocks.MaxPool2d{Kernel: 2, Stride: 2},
			blocks.Conv2d{Out: 6, Kernel: 3, Stride: 1, Padding: 1}, blocks.ReLU{},
			blocks.Flatten{}, blocks.Linear{Out: 5},
		},
		"lenet": {
			blocks.Conv2d{Out: 6, Kernel: 5, Stride: 1, Padding: 2}, blocks.Sigmoid{}, blocks.AvgPool2d{Kernel: 2, Stride: 2},
			blocks.Conv2d{Out: 5, Kernel: 5, Stride: 1}, blocks.Sigmoid{}, blocks.AvgPool2d{Kernel: 2, Stride: 1},
			blocks.Flatten{}, blocks.Linear{Out: 12}, blocks.Sigmoid{}, blocks.Linear{Out: 3},
		},
		"mixed": mixedLayers(),
	}
}

// images are the case's pixels as the network takes them, N×H×W×C.
func (c *goldenCase) images(stream rng.Stream) []float32 {
	n, ch, h, w := c.Shape[0], c.Shape[1], c.Shape[2], c.Shape[3]
	images := make([]float32, n*ch*h*w)
	for i := range images {
		x, y, k, row := i%w, i/w%h, i/w/h%ch, i/w/h/ch
		images[((row*h+y)*w+x)*ch+k] = float32(stream.Float64(uint64(i)))
	}
	return images
}

// TestAgainstPyTorch compares whole networks with PyTorch in float64, for full and short batches.
// A float32 sum of k terms is off by about √k·2⁻²⁴ of its terms' size; the longest sums here have
// some 700 terms, and the twelve sums of six layers and back add in quadrature: √12·√700·2⁻²⁴ =
// 5.5e-6, relative to the norm of the tensor.
func TestAgainstPyTorch(t *testing.T) {
	const tolerance = 6e-6
	data, err := os.ReadFile("testdata/network.json")
	if err != nil {
		t.Fatal(err)
	}
	var g golden
	if err := json.Unmarshal(data, &g); err != nil {
		t.Fatal(err)
	}
	workers := newWorkers(t, 2)
	for name, list := range goldenNetworks() {
		c, ok := g.Cases[name]
		if !ok {
			t.Fatalf("testdata has no network %s", name)
		}
		layers, err := ResolveLayers(name, list, c.Shape[1], c.Shape[2], c.Shape[3])
		if err != nil {
			t.Fatal(err)
		}
		ps := mustParams(t, layers)
		if err := ps.Init("xavier", g.Seed); err != nil {
			t.Fatal(err)
		}
		images, labels := c.images((rng.Stream{}).Split(g.Pixels)), make([]int32, c.Shape[0])
		for n := range labels {
			labels[n] = int32((7*n + 1) % c.Classes)
		}
		evaluator, err := NewEvaluator(workers, layers, ps, len(labels))
		if err != nil {
			t.Fatal(err)
		}
		logits, err := evaluator.Logits(images, len(labels))
		if err != nil {
			t.Fatal(err)
		}
		if d := distance(logits, c.Logits); !(d <= tolerance) {
			t.Errorf("%s: logits are off by %.1e", name, d)
		}
		trainer, err := NewTrainer(workers, layers, ps, TrainerOptions{Batch: len(labels), LabelSmoothing: c.Smoothing})
		if err != nil {
			t.Fatal(err)
		}
		for _, run := range c.Runs {
			loss, err := trainer.Step(1, images, labels, run.Rows)
			if err != nil {
				t.Fatal(err)
			}
			if d := math.Abs(loss/run.Loss - 1); !(d <= tolerance) {
				t.Errorf("%s, %d rows: loss %v, want %v", name, run.Rows, loss, run.Loss)
			}
			for i, p := range ps {
				if d := distance(gradient(t, trainer, i, p), run.Grads[p.Name]); !(d <= tolerance) {
					t.Errorf("%s, %d rows: gradient of %s is off by %.1e", name, run.Rows, p.Name, d)
				}
			}
		}
	}
}

// gradient is the last step's gradient of parameter i in PyTorch's order.
func gradient(t *testing.T, trainer *Trainer, i int, p *Param) []float32 {
	t.Helper()
	gradient, err := trainer.Gradient(i)
	if err != nil {
		t.Fatal(err)
	}
	dst := make([]float32, p.Len())
	if _, err := gradient.Export(nil, dst); err != nil {
		t.Fatal(err)
	}
	return dst
}

// distance is the relative L2 distance of got from want, infinite where their lengths differ.
func distance(got []float32, want []float64) float64 {
	if len(got) != len(want) {
		return math.Inf(1)
	}
	var off, norm float64
	for i, v := range want {
		off += (float64(got[i]) - v) * (float64(got[i]) - v)
		norm += v * v
	}
	return math.Sqrt(off / norm)
}
