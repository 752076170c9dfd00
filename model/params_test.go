package model

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"

	"vggtrain/blocks"
	"vggtrain/checkpoint"
	"vggtrain/internal/kernel"
	"vggtrain/internal/rng"
)

// oddLayers have sizes round the edges of panels and strips, and a Linear behind a Flatten of
// several pixels.
func oddLayers(t *testing.T) []Layer {
	t.Helper()
	layers, err := ResolveLayers("odd", []blocks.Layer{
		blocks.Conv2d{Out: 33, Kernel: 3, Stride: 1, Padding: 1}, blocks.ReLU{},
		blocks.Conv2d{Out: 64, Kernel: 1, Stride: 1}, blocks.ReLU{},
		blocks.Conv2d{Out: 5, Kernel: 5, Stride: 2, Padding: 2}, blocks.ReLU{},
		blocks.MaxPool2d{Kernel: 2, Stride: 2},
		blocks.Flatten{}, blocks.Dropout{P: 0.5},
		blocks.Linear{Out: 71}, blocks.ReLU{},
		blocks.Linear{Out: 1}, blocks.ReLU{},
		blocks.Linear{Out: 32},
	}, 3, 13, 23)
	if err != nil {
		t.Fatal(err)
	}
	return layers
}

// Each element of PyTorch's order must stand where the definition of the stored layout has it.
func TestImportPlacesElements(t *testing.T) {
	for _, p := range mustParams(t, oddLayers(t)) {
		src := make([]float32, p.Len())
		for i := range src {
			src[i] = float32(i)
		}
		p.Import(src)
		if len(p.Shape) == 1 {
			continue // same order; the round trip is tested below
		}
		outputs, channels, positions := p.Shape[0], p.Shape[1], 1
		switch {
		case len(p.Shape) == 4:
			positions = p.Shape[2] * p.Shape[3]
		case p.Name == "classifier.1.weight":
			positions = 3 * 6 // what 13×23 leaves after stride 2 and the pool: 7×12, 3×6
			channels /= positions
		}
		rows := channels * positions
		if got, want := p.stored(), []int{rows, outputs}; got[0] != want[0] || got[1] != want[1] {
			t.Errorf("%s is stored as %v, want %v", p.Name, got, want)
		}
		for o := range outputs {
			for c := range channels {
				for q := range positions {
					want := src[(o*channels+c)*positions+q]
					if got := p.Data[kernel.PanelIndex(rows, outputs, q*channels+c, o)]; got != want {
						t.Fatalf("%s: output %d, channel %d, position %d holds %v, want %v", p.Name, o, c, q, got, want)
					}
				}
			}
		}
	}
}

// mustExport exports a parameter, whose numbers must be finite.
func mustExport(t testing.TB, workers *Workers, p *Param, dst []float32) {
	t.Helper()
	if finite, err := p.Export(workers, dst); err != nil || !finite {
		t.Fatalf("%s: finite: %t, %v", p.Name, finite, err)
	}
}

func TestExportTellsWhatIsNotFinite(t *testing.T) {
	workers := newWorkers(t, 2)
	for _, p := range mustParams(t, oddLayers(t)) {
		dst := make([]float32, p.Len())
		for _, at := range []int{0, p.Len() / 2, p.Len() - 1} {
			for _, bad := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
				p.Data[at] = float32(bad)
				if finite, err := p.Export(workers, dst); finite || err != nil {
					t.Errorf("%s with %v at %d: finite: %t, %v", p.Name, bad, at, finite, err)
				}
			}
			p.Data[at] = math.MaxFloat32 // its square is no float32
		}
		mustExport(t, workers, p, dst)
	}
}

func TestExportInvertsImport(t *testing.T) {
	workers := newWorkers(t, 2)
	for _, p := range mustParams(t, oddLayers(t)) {
		src, dst := make([]float32, p.Len()), make([]float32, p.Len()+1)
		for i := range src {
			src[i] = float32(i + 1)
		}
		dst[p.Len()] = -1
		p.Import(src)
		mustExport(t, workers, p, dst)
		for i, want := range src {
			if dst[i] != want {
				t.Fatalf("%s: element %d comes back as %v, want %v", p.Name, i, dst[i], want)
			}
		}
		if dst[p.Len()] != -1 {
			t.Errorf("%s: Export writes past the end", p.Name)
		}
	}
}

// The bounds are PyTorch's formulas with the fans written out by hand. Of n uniform numbers the
// largest is within 20/n of the bound, relatively, but for odds of e⁻²⁰; the mean has the standard
// deviation bound/√(3n), the mean square bound²·√(4/45)/√n: five of them are allowed.
func TestInit(t *testing.T) {
	xavier := func(in, out float64) float64 { return math.Sqrt(6 / (in + out)) }
	bias := func(in float64) float64 { return 1 / math.Sqrt(in) }
	he := func(in float64) float64 { return math.Sqrt(6 / in) }
	bounds := map[string]map[string]float64{
		"xavier": {
			"features.0.weight": xavier(1*9, 16*9), "features.0.bias": bias(9),
			"features.8.weight": xavier(64*9, 64*9), "features.8.bias": bias(64 * 9),
			"classifier.0.weight": xavier(128, 4096), "classifier.0.bias": bias(128),
			"classifier.6.weight": xavier(4096, 10), "classifier.6.bias": bias(4096),
		},
		"kaiming": {
			"features.0.weight": he(9), "features.0.bias": 0,
			"features.8.weight": he(64 * 9), "features.8.bias": 0,
			"classifier.0.weight": he(128), "classifier.0.bias": 0,
			"classifier.6.weight": he(4096), "classifier.6.bias": 0,
		},
	}
	ps := mustParams(t, mustResolve(t, vgg11Small, 1, 32, 10))
	for kind, want := range bounds {
		if err := ps.Init(kind, 7); err != nil {
			t.Fatal(err)
		}
		checked := 0
		for _, p := range ps {
			if bound, ok := want[p.Name]; ok {
				checked++
				if err := uniform(p.Data, bound); err != nil {
					t.Errorf("%s: %s: %v", kind, p.Name, err)
				}
			}
		}
		if checked != len(want) {
			t.Errorf("%s: %d of %d parameters found", kind, checked, len(want))
		}
	}
	if err := ps.Init("zeros", 7); err == nil || !strings.Contains(err.Error(), "xavier, kaiming") {
		t.Errorf("initialisation zeros: %v", err)
	}
}

// uniform reports how values differ from draws of U(±bound).
func uniform(values []float32, bound float64) error {
	var largest, sum, squares float64
	for _, v := range values {
		largest = max(largest, math.Abs(float64(v)))
		sum += float64(v)
		squares += float64(v) * float64(v)
	}
	n := float64(len(values))
	if largest > bound*(1+1e-7) || largest < bound*(1-20/n) {
		return fmt.Errorf("largest is %v, bound %v", largest, bound)
	}
	if mean := sum / n; !(math.Abs(mean) <= 5*bound/math.Sqrt(3*n)) {
		return fmt.Errorf("mean %v of U(±%v)", mean, bound)
	}
	if square := squares / n; !(math.Abs(square-bound*bound/3) <= 5*bound*bound*math.Sqrt(4.0/45/n)) {
		return fmt.Errorf("mean square %v, want %v", square, bound*bound/3)
	}
	return nil
}

// Every number is drawn at its index in PyTorch's order from its parameter's own stream, so that
// initial weights do not depend on how they are stored.
func TestInitDrawsInTorchOrder(t *testing.T) {
	const seed = 9
	ps := mustParams(t, oddLayers(t))
	if err := ps.Init("xavier", seed); err != nil {
		t.Fatal(err)
	}
	for i, p := range ps {
		got, bound := make([]float32, p.Len()), width("xavier", p.Init)
		mustExport(t, newWorkers(t, 1), p, got)
		draws := rng.New(seed, rng.Init, 0).Split(uint64(i))
		for j, v := range got {
			if want := float32(bound * (2*draws.Float64(uint64(j)) - 1)); v != want {
				t.Fatalf("%s: element %d is %v, want %v", p.Name, j, v, want)
			}
		}
	}
}

func TestLoad(t *testing.T) {
	ps := mustParams(t, mustResolve(t, tiny, 1, 8, 10))
	type tensors = map[string]checkpoint.Tensor
	good := func() tensors {
		m := tensors{}
		for i, p := range ps {
			data := make([]float32, p.Len())
			for j := range data {
				data[j] = float32(i + j)
			}
			m[p.Name] = checkpoint.Tensor{Name: p.Name, Shape: p.Shape, Data: data}
		}
		return m
	}
	if err := ps.Load(slices.Collect(maps.Values(good()))); err != nil {
		t.Fatal(err)
	}
	for i, p := range ps {
		dst := make([]float32, p.Len())
		mustExport(t, newWorkers(t, 1), p, dst)
		if last := len(dst) - 1; dst[0] != float32(i) || dst[last] != float32(i+last) {
			t.Errorf("%s holds %v ... %v", p.Name, dst[0], dst[last])
		}
	}
	before := ps[0].Data[0]
	tests := []struct {
		change func(m tensors)
		want   string
	}{
		{func(m tensors) { delete(m, "features.3.bias") }, "missing features.3.bias;"},
		{func(m tensors) { clear(m) }, "missing features.0.weight, features.0.bias, features.3.weight and 7 more;"},
		{func(m tensors) { m["x"] = checkpoint.Tensor{Name: "classifier.9.bias"} }, "unexpected classifier.9.bias;"},
		{func(m tensors) {
			m["classifier.0.weight"] = checkpoint.Tensor{Name: "classifier.0.weight", Shape: []int{128, 7}, Data: make([]float32, 896)}
		},
			"classifier.0.weight is 128x7 and should be 7x128;"},
		{func(m tensors) {
			m["features.0.bias"] = checkpoint.Tensor{Name: "features.0.bias", Shape: []int{3}, Data: make([]float32, 2)}
		}, "features.0.bias is 3"},
	}
	for _, tt := range tests {
		m := good()
		m["features.0.weight"].Data[0] = 99
		tt.change(m)
		if err := ps.Load(slices.Collect(maps.Values(m))); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("error %v, want %q", err, tt.want)
		}
		if ps[0].Data[0] != before {
			t.Errorf("%q, but a parameter has changed", tt.want)
		}
	}
}

func BenchmarkParams(b *testing.B) {
	layers, err := Resolve(vgg11Small, 1, 224, 224, 10)
	if err != nil {
		b.Fatal(err)
	}
	ps, err := NewParams(layers)
	if err != nil {
		b.Fatal(err)
	}
	dst := make([][]float32, len(ps))
	for i, p := range ps {
		dst[i] = make([]float32, p.Len())
	}
	b.Run("Init", func(b *testing.B) {
		for b.Loop() {
			if err := ps.Init("xavier", 1); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("Export", func(b *testing.B) {
		workers := newWorkers(b, 0)
		for b.Loop() {
			for i, p := range ps {
				mustExport(b, workers, p, dst[i])
			}
		}
	})
	b.Run("Import", func(b *testing.B) {
		for b.Loop() {
			for i, p := range ps {
				p.Import(dst[i])
			}
		}
	})
}
