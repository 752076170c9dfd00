package model

import (
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vggtrain/internal/kernel"
	"vggtrain/internal/op"
	"vggtrain/internal/rng"
)

func newWorkers(t testing.TB, threads int) *Workers {
	t.Helper()
	workers, err := NewWorkers(threads, "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(workers.Close)
	return workers
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

func (j *job) trainer(t *testing.T, workers *Workers, o TrainerOptions) *Trainer {
	t.Helper()
	o.Batch = len(j.labels)
	trainer, err := NewTrainer(workers, j.layers, j.ps, o)
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
	workers := newWorkers(t, 2)
	j := newJob(t, NewVGG("one", [][2]int{{1, 1}}, []int{1}, 0), 1, 2, 1)
	if loss := j.step(t, j.trainer(t, workers, TrainerOptions{}), 1); loss != 0 {
		t.Errorf("loss of one class is %v, want 0", loss)
	}
	evaluator, err := NewEvaluator(workers, j.layers, j.ps, 1)
	if err != nil {
		t.Fatal(err)
	}
	if logits, err := evaluator.Logits(j.images, 1); err != nil || len(logits) != 1 {
		t.Errorf("logits %v, %v; want one", logits, err)
	}
}

// An evaluator sees the weights that a solver has changed in place.
func TestEvaluatorSeesUpdates(t *testing.T) {
	workers := newWorkers(t, 2)
	j := newJob(t, tiny, 3, 8, 10)
	evaluator, err := NewEvaluator(workers, j.layers, j.ps, 3)
	if err != nil {
		t.Fatal(err)
	}
	for _, rows := range []int{3, 2} {
		for _, p := range j.ps {
			clear(p.Data)
		}
		last := j.ps[len(j.ps)-1].Data // the logits are now the last layer's bias
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

// However many images go through the convolutions together, the logits are the same bits; also
// where rows or the batch end within a chunk.
func TestEvaluatorSameBitsForAnyChunk(t *testing.T) {
	const batch = 7
	j := newJob(t, NewVGG("two", [][2]int{{1, 16}, {2, 16}}, []int{32}, 0), batch, 12, 10)
	stages := fuse(j.layers)
	for _, rows := range []int{batch, 5, 1} {
		var want []float32
		for _, chunk := range []int{batch, 4, 3, 2, 1} {
			evaluator, err := planEvaluator(newWorkers(t, 2), stages, j.ps, batch, chunk)
			if err != nil {
				t.Fatal(err)
			}
			evaluator.start()
			logits, err := evaluator.Logits(j.images, rows)
			if err != nil {
				t.Fatal(err)
			}
			if want == nil {
				want = logits
			}
			if !slices.Equal(logits, want) {
				t.Errorf("%d rows, %d images a chunk: logits %v, want %v", rows, chunk, logits, want)
			}
		}
	}
}

func TestChunk(t *testing.T) {
	layers, err := Resolve(NewVGG("small", [][2]int{{1, 16}, {1, 32}}, []int{8}, 0), 1, 224, 224, 10)
	if err != nil {
		t.Fatal(err)
	}
	stages := fuse(layers)
	// The second stage: 112·112·16 + 56·56·32 floats an image, 1.2 MB: 167 images fit.
	for _, c := range [][2]int{{1, 1}, {167, 167}, {168, 84}, {334, 167}, {1024, 147}} {
		if got := chunk(stages, c[0]); got != c[1] {
			t.Errorf("batch %d: chunks of %d, want %d", c[0], got, c[1])
		}
	}
}

func TestSameBitsForAnyThreads(t *testing.T) {
	mixed := &Arch{Name: "mixed", Sequence: mixedLayers()}
	mixed.Sequence[len(mixed.Sequence)-1] = Classes{}
	for name, a := range map[string]*Arch{"tiny": tiny, "sized": sized, "mixed": mixed} {
		t.Run(name, func(t *testing.T) { testSameBits(t, a) })
	}
}

func testSameBits(t *testing.T, a *Arch) {
	results := map[int][][]float32{}
	for _, threads := range []int{1, 2, 5} {
		j := newJob(t, a, 7, 40, 10)
		trainer := j.trainer(t, newWorkers(t, threads), TrainerOptions{Dropout: true, Seed: 4, LabelSmoothing: 0.1})
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
	workers := newWorkers(t, 2)
	j := newJob(t, vggOf(24), 4, 8, 10)
	dropping, other := j.trainer(t, workers, TrainerOptions{Dropout: true, Seed: 1}), j.trainer(t, workers, TrainerOptions{Dropout: true, Seed: 2})
	first, second := j.step(t, dropping, 1), j.step(t, dropping, 2)
	if again := j.step(t, dropping, 1); again != first {
		t.Errorf("step 1 again: loss %v, was %v", again, first)
	}
	if first == second || first == j.step(t, other, 1) {
		t.Errorf("another step or seed draws the same mask: loss %v", first)
	}
	still := j.trainer(t, workers, TrainerOptions{Seed: 1})
	if a, b := j.step(t, still, 1), j.step(t, still, 2); a != b {
		t.Errorf("without dropout, steps 1 and 2 have losses %v and %v", a, b)
	}
}

func vggOf(hidden int) *Arch {
	return NewVGG("small", [][2]int{{1, 8}}, []int{hidden}, 0.5)
}

func TestTrainerRefuses(t *testing.T) {
	workers := newWorkers(t, 2)
	j := newJob(t, tiny, 4, 8, 10)
	trainer := j.trainer(t, workers, TrainerOptions{})
	if _, err := trainer.Gradient(0); err == nil || err.Error() != "features.0.weight has no gradient before the first step" {
		t.Errorf("a gradient before the first step: %v", err)
	}
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
	bias := j.ps[len(j.ps)-1].Data
	saved := bias[3]
	bias[3] = float32(math.NaN())
	if _, err := trainer.Step(2, j.images, j.labels, 4); !errors.Is(err, op.ErrNotFinite) {
		t.Errorf("a NaN in the last bias: error %v, want ErrNotFinite", err)
	}
	bias[3] = saved
	if after := gradientAfter(t, j, trainer); !cmp.Equal(before, after) {
		t.Error("after an error, the same step has another gradient")
	}
	if _, err := NewTrainer(workers, j.layers, j.ps[1:], TrainerOptions{Batch: 4}); err == nil || !strings.Contains(err.Error(), "features.0.weight") {
		t.Errorf("without its first parameter: %v", err)
	}
	if _, err := NewTrainer(workers, j.layers, j.ps, TrainerOptions{Batch: 0}); err == nil {
		t.Error("a batch of 0 is accepted")
	}
}

// A pixel or a weight that is not finite stops the step at the loss, also where Winograd's
// algorithm turns an infinity into NaN.
func TestNotFiniteReachesTheLoss(t *testing.T) {
	a := vgg("wide", [2]int{1, 16}, [2]int{2, 32})
	workers := newWorkers(t, 2)
	for _, bad := range []float64{math.NaN(), math.Inf(1)} {
		for _, where := range []string{"pixel", "weight"} {
			j := newJob(t, a, 8, 32, 10)
			conv := kernel.Conv{N: 8, H: 16, W: 16, C: 16, OC: 32, Kernel: 3, Stride: 1, Padding: 1}
			if got := conv.ForwardAlgorithm(workers.threads()); got != kernel.Winograd {
				t.Fatalf("the second convolution is by %s", got)
			}
			if where == "pixel" {
				j.images[3*32*32+500] = float32(bad)
			} else {
				j.ps[2].Data[7] = float32(bad)
			}
			trainer := j.trainer(t, workers, TrainerOptions{Batch: 8})
			if _, err := trainer.Step(1, j.images, j.labels, 8); !errors.Is(err, op.ErrNotFinite) {
				t.Errorf("%v as a %s: error %v, want ErrNotFinite", bad, where, err)
			}
		}
	}
}

func gradientAfter(t *testing.T, j *job, trainer *Trainer) []float32 {
	t.Helper()
	j.step(t, trainer, 1)
	return gradient(t, trainer, 0, j.ps[0])
}

// What a step allocates is the machine's: some kilobytes, and nothing that grows with the batch.
func TestStepAllocatesLittle(t *testing.T) {
	workers := newWorkers(t, 1)
	small, large := bytesOfAStep(t, workers, 16), bytesOfAStep(t, workers, 128)
	if large > small+4<<10 || small > 64<<10 {
		t.Errorf("a step allocates %d bytes for 16 images, %d for 128", small, large)
	}
}

func bytesOfAStep(t *testing.T, workers *Workers, batch int) int64 {
	t.Helper()
	j := newJob(t, tiny, batch, 16, 10)
	trainer := j.trainer(t, workers, TrainerOptions{Dropout: true})
	if planned := trainer.PlannedBytes(); planned < int64(batch)*16*16*4 {
		t.Errorf("%d bytes planned, fewer than the second convolution's output takes", planned)
	}
	j.step(t, trainer, 1)
	var before, after runtime.MemStats
	const steps = 10
	runtime.ReadMemStats(&before)
	for step := range uint64(steps) {
		j.step(t, trainer, step)
	}
	runtime.ReadMemStats(&after)
	return int64(after.TotalAlloc-before.TotalAlloc) / steps
}

func TestFuse(t *testing.T) {
	layers, err := ResolveLayers("strided", goldenNetworks()["strided"], 3, 20, 28)
	if err != nil {
		t.Fatal(err)
	}
	mixed, err := ResolveLayers("mixed", mixedLayers(), 1, 12, 12)
	if err != nil {
		t.Fatal(err)
	}
	lrn, err := ResolveLayers("lrn", configurationLRN()[:6], 1, 12, 12)
	if err != nil {
		t.Fatal(err)
	}
	for name, list := range map[string][]Layer{
		"features.0 Conv2d+relu [64 12 12]; features.2 LocalResponseNorm [64 12 12]; features.3 MaxPool2d [64 6 6]; features.4 Conv2d+relu [128 6 6]": lrn,
		"features.0 Conv2d+relu [33 10 14]; features.2 MaxPool2d [33 4 6]; features.3 Conv2d [4 4 6]; features.4 MaxPool2d [4 2 3]; " +
			"features.5 Conv2d+relu [6 2 3]; flatten Flatten [36]; classifier.0 Linear [5]": layers,
		"features.0 Conv2d+relu+pool [3 4 4]; features.3 Conv2d+relu [32 4 4]; features.5 Conv2d+relu+pool [32 2 2]; flatten Flatten [128]; " +
			"classifier.0 Linear+relu [7]; classifier.2 Dropout [7]; classifier.3 Linear [10]": mustResolve(t, tiny, 1, 8, 10),
		"features.0 ReLU [1 12 12]; features.1 Conv2d+relu+pool [3 6 6]; features.4 ReLU [3 6 6]; features.5 AvgPool2d [3 3 3]; " +
			"features.6 Conv2d [2 3 3]; features.7 Sigmoid [2 3 3]; features.8 ReLU [2 3 3]; features.9 MaxPool2d [2 1 1]; features.10 ReLU [2 1 1]; " +
			"flatten Flatten [2]; classifier.0 ReLU [2]; classifier.1 Linear [4]; classifier.2 Sigmoid [4]; " +
			"classifier.3 Linear+relu [5]; classifier.5 ReLU [5]; classifier.6 Linear [3]": mixed,
	} {
		var got []string
		for _, s := range fuse(list) {
			fused := [...]string{"", "+relu", "+relu+pool"}[s.fused]
			got = append(got, fmt.Sprintf("%s %s%s %v", s.Name, s.Type, fused, s.Out))
		}
		if diff := cmp.Diff(strings.Split(name, "; "), got); diff != "" {
			t.Errorf("stages (-want +got):\n%s", diff)
		}
	}
}
