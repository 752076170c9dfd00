package model

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vggtrain/blocks"
	"vggtrain/internal/kernel"
	"vggtrain/internal/op"
	"vggtrain/internal/rng"
)

func newPool(t testing.TB, threads int) *kernel.Pool {
	t.Helper()
	isa, err := kernel.FromEnv()
	if err != nil {
		t.Fatal(err)
	}
	pool, err := kernel.NewPool(threads, isa)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	return pool
}

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
	vgg := &Arch{Name: "golden", Blocks: [][2]int{{2, 3}, {1, 35}}, Hidden: []int{7, 40}, Dropout: 0.5}
	return map[string][]blocks.Layer{
		"vgg": vgg.Layers(4),
		"strided": {
			blocks.Conv2d{Out: 33, Kernel: 5, Stride: 2, Padding: 2}, blocks.ReLU{}, blocks.MaxPool2d{Kernel: 3, Stride: 2},
			blocks.Conv2d{Out: 4, Kernel: 1, Stride: 1}, blocks.MaxPool2d{Kernel: 2, Stride: 2},
			blocks.Conv2d{Out: 6, Kernel: 3, Stride: 1, Padding: 1}, blocks.ReLU{},
			blocks.Flatten{}, blocks.Linear{Out: 5},
		},
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
	pool := newPool(t, 2)
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
		evaluator, err := NewEvaluator(pool, layers, ps, len(labels))
		if err != nil {
			t.Fatal(err)
		}
		logits, err := evaluator.Logits(images, len(labels))
		if err != nil {
			t.Fatal(err)
		}
		if d := distance(logits, c.Logits); d > tolerance {
			t.Errorf("%s: logits are off by %.1e", name, d)
		}
		trainer, err := NewTrainer(pool, layers, ps, Options{Batch: len(labels), LabelSmoothing: c.Smoothing})
		if err != nil {
			t.Fatal(err)
		}
		for _, run := range c.Runs {
			loss, err := trainer.Step(1, images, labels, run.Rows)
			if err != nil {
				t.Fatal(err)
			}
			if d := math.Abs(loss/run.Loss - 1); d > tolerance {
				t.Errorf("%s, %d rows: loss %v, want %v", name, run.Rows, loss, run.Loss)
			}
			for i, p := range ps {
				if d := distance(gradient(t, trainer, i, p), run.Grads[p.Name]); d > tolerance {
					t.Errorf("%s, %d rows: gradient of %s is off by %.1e", name, run.Rows, p.Name, d)
				}
			}
		}
	}
}

// gradient is the last step's gradient of parameter i in PyTorch's order.
func gradient(t *testing.T, trainer *Trainer, i int, p *Param) []float32 {
	t.Helper()
	value, err := trainer.Grads()[i].Grad()
	if err != nil {
		t.Fatal(err)
	}
	dst := make([]float32, p.Len())
	p.layout().toTorch(dst, value.Data().([]float32))
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

// job is a small network with a batch to train it on.
type job struct {
	layers []Layer
	ps     Params
	images []float32
	labels []int32
}

func newJob(t *testing.T, a *Arch, batch, side, classes int) *job {
	t.Helper()
	j := &job{layers: mustResolve(t, a, 1, side, classes), images: make([]float32, batch*side*side), labels: make([]int32, batch)}
	j.ps = mustParams(t, j.layers)
	if err := j.ps.Init("kaiming", 5); err != nil {
		t.Fatal(err)
	}
	stream := rng.Stream{}
	for i := range j.images {
		j.images[i] = float32(stream.Float64(uint64(i)))
	}
	for n := range j.labels {
		j.labels[n] = int32(n % classes)
	}
	return j
}

func (j *job) trainer(t *testing.T, pool *kernel.Pool, o Options) *Trainer {
	t.Helper()
	o.Batch = len(j.labels)
	trainer, err := NewTrainer(pool, j.layers, j.ps, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = trainer.Close() })
	return trainer
}

func (j *job) step(t *testing.T, trainer *Trainer, step uint64) float64 {
	t.Helper()
	loss, err := trainer.Step(step, j.images, j.labels, len(j.labels))
	if err != nil {
		t.Fatal(err)
	}
	return loss
}

// The smallest sizes: one image, one channel, one class, one feature.
func TestSizesOfOne(t *testing.T) {
	pool := newPool(t, 2)
	j := newJob(t, &Arch{Name: "one", Blocks: [][2]int{{1, 1}}, Hidden: []int{1}}, 1, 2, 1)
	if loss := j.step(t, j.trainer(t, pool, Options{}), 1); loss != 0 {
		t.Errorf("loss of one class is %v, want 0", loss)
	}
	evaluator, err := NewEvaluator(pool, j.layers, j.ps, 1)
	if err != nil {
		t.Fatal(err)
	}
	if logits, err := evaluator.Logits(j.images, 1); err != nil || len(logits) != 1 {
		t.Errorf("logits %v, %v; want one", logits, err)
	}
}

// An evaluator sees the weights that a solver has changed in place.
func TestEvaluatorSeesUpdates(t *testing.T) {
	pool := newPool(t, 2)
	j := newJob(t, tiny, 3, 8, 10)
	evaluator, err := NewEvaluator(pool, j.layers, j.ps, 3)
	if err != nil {
		t.Fatal(err)
	}
	for _, rows := range []int{3, 2} {
		for _, p := range j.ps {
			clear(p.Data())
		}
		last := j.ps[len(j.ps)-1].Data() // the logits are now the last layer's bias
		for i := range last {
			last[i] = float32(rows*100 + i)
		}
		logits, err := evaluator.Logits(j.images, rows)
		if err != nil {
			t.Fatal(err)
		}
		if len(logits) != rows*10 {
			t.Fatalf("%d logits for %d rows of 10 classes", len(logits), rows)
		}
		for i, v := range logits {
			if v != last[i%10] {
				t.Fatalf("%d rows: logit %d is %v, want %v", rows, i, v, last[i%10])
			}
		}
	}
}

func TestSameBitsForAnyThreads(t *testing.T) {
	results := map[int][][]float32{}
	for _, threads := range []int{1, 2, 5} {
		j := newJob(t, tiny, 7, 12, 10)
		trainer := j.trainer(t, newPool(t, threads), Options{Dropout: true, Seed: 4, LabelSmoothing: 0.1})
		loss := j.step(t, trainer, 3)
		results[threads] = append(results[threads], []float32{float32(loss)})
		for i, p := range j.ps {
			results[threads] = append(results[threads], gradient(t, trainer, i, p))
		}
	}
	for threads, got := range results {
		if !cmp.Equal(results[1], got) {
			t.Errorf("%d threads give other bits than 1", threads)
		}
	}
}

// Dropout draws from seed and step, and only if it is wanted.
func TestDropoutIsNumbered(t *testing.T) {
	pool := newPool(t, 2)
	j := newJob(t, vggOf(24), 4, 8, 10)
	dropping, other := j.trainer(t, pool, Options{Dropout: true, Seed: 1}), j.trainer(t, pool, Options{Dropout: true, Seed: 2})
	first, second := j.step(t, dropping, 1), j.step(t, dropping, 2)
	if again := j.step(t, dropping, 1); again != first {
		t.Errorf("step 1 again: loss %v, was %v", again, first)
	}
	if first == second || first == j.step(t, other, 1) {
		t.Errorf("another step or seed draws the same mask: loss %v", first)
	}
	still := j.trainer(t, pool, Options{Seed: 1})
	if a, b := j.step(t, still, 1), j.step(t, still, 2); a != b {
		t.Errorf("without dropout, steps 1 and 2 have losses %v and %v", a, b)
	}
}

func vggOf(hidden int) *Arch {
	return &Arch{Name: "small", Blocks: [][2]int{{1, 8}}, Hidden: []int{hidden}, Dropout: 0.5}
}

func TestTrainerRefuses(t *testing.T) {
	pool := newPool(t, 2)
	j := newJob(t, tiny, 4, 8, 10)
	trainer := j.trainer(t, pool, Options{})
	j.labels[2] = 10
	if _, err := trainer.Step(1, j.images, j.labels, 4); err == nil || !strings.HasPrefix(err.Error(), "row 2 has label 10") {
		t.Errorf("label 10 of 10 classes: %v", err)
	}
	j.labels[2] = 0
	for _, rows := range []int{0, 5} {
		if _, err := trainer.Step(1, j.images, j.labels, rows); err == nil {
			t.Errorf("%d rows of a batch of 4 are accepted", rows)
		}
	}
	if _, err := trainer.Step(1, j.images[1:], j.labels, 4); err == nil || !strings.Contains(err.Error(), "255 pixels") {
		t.Errorf("a pixel too few: %v", err)
	}
	if _, err := trainer.Step(1, j.images, j.labels[1:], 4); err == nil || !strings.Contains(err.Error(), "3 labels") {
		t.Errorf("a label too few: %v", err)
	}
	before := gradientAfter(t, j, trainer)
	bias := j.ps[len(j.ps)-1].Data()
	saved := bias[3]
	bias[3] = float32(math.NaN())
	if _, err := trainer.Step(2, j.images, j.labels, 4); !errors.Is(err, op.ErrNotFinite) {
		t.Errorf("a NaN in the last bias: error %v, want ErrNotFinite", err)
	}
	bias[3] = saved
	if after := gradientAfter(t, j, trainer); !cmp.Equal(before, after) {
		t.Error("after an error, the same step has another gradient")
	}
	if _, err := NewTrainer(pool, j.layers, j.ps[1:], Options{Batch: 4}); err == nil || !strings.Contains(err.Error(), "features.0.weight") {
		t.Errorf("without its first parameter: %v", err)
	}
	if _, err := NewTrainer(pool, j.layers, j.ps, Options{Batch: 0}); err == nil {
		t.Error("a batch of 0 is accepted")
	}
}

func gradientAfter(t *testing.T, j *job, trainer *Trainer) []float32 {
	t.Helper()
	j.step(t, trainer, 1)
	return gradient(t, trainer, 0, j.ps[0])
}

// A step allocates a few kilobytes for the machine, nothing that grows with the batch: the
// activations of this one are half a megabyte.
func TestStepAllocatesLittle(t *testing.T) {
	j := newJob(t, tiny, 128, 16, 10)
	trainer := j.trainer(t, newPool(t, 1), Options{Dropout: true})
	j.step(t, trainer, 1)
	var before, after runtime.MemStats
	const steps = 10
	runtime.ReadMemStats(&before)
	for step := range uint64(steps) {
		j.step(t, trainer, step)
	}
	runtime.ReadMemStats(&after)
	if each := (after.TotalAlloc - before.TotalAlloc) / steps; each > 32<<10 {
		t.Errorf("a step allocates %d bytes", each)
	}
	if planned := trainer.PlannedBytes(); planned < 128*16*16*4 {
		t.Errorf("%d bytes planned, fewer than the first layer's output takes", planned)
	}
}

func TestFuse(t *testing.T) {
	layers, err := ResolveLayers("strided", goldenNetworks()["strided"], 3, 20, 28)
	if err != nil {
		t.Fatal(err)
	}
	for name, list := range map[string][]Layer{
		"features.0 Conv2d+relu [33 10 14]; features.2 MaxPool2d [33 4 6]; features.3 Conv2d [4 4 6]; features.4 MaxPool2d [4 2 3]; " +
			"features.5 Conv2d+relu [6 2 3]; flatten Flatten [36]; classifier.0 Linear [5]": layers,
		"features.0 Conv2d+relu+pool [3 4 4]; features.3 Conv2d+relu [32 4 4]; features.5 Conv2d+relu+pool [32 2 2]; flatten Flatten [128]; " +
			"classifier.0 Linear+relu [7]; classifier.2 Dropout [7]; classifier.3 Linear [10]": mustResolve(t, tiny, 1, 8, 10),
	} {
		stages, err := fuse(list)
		if err != nil {
			t.Error(err)
		}
		var got []string
		for _, s := range stages {
			fused := ""
			if s.relu {
				fused += "+relu"
			}
			if s.pool {
				fused += "+pool"
			}
			got = append(got, fmt.Sprintf("%s %s%s %v", s.Name, s.Type, fused, s.Out))
		}
		if diff := cmp.Diff(strings.Split(name, "; "), got); diff != "" {
			t.Errorf("stages (-want +got):\n%s", diff)
		}
	}
	for _, list := range [][]blocks.Layer{
		{blocks.ReLU{}},
		{blocks.Conv2d{Out: 1, Kernel: 1, Stride: 1}, blocks.ReLU{}, blocks.ReLU{}},
		{blocks.Flatten{}, blocks.ReLU{}},
	} {
		layers, err := ResolveLayers("wrong", list, 1, 4, 4)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := fuse(layers); err == nil || !strings.Contains(err.Error(), "ReLU follows neither") {
			t.Errorf("%v: error %v", list, err)
		}
	}
}
