package op

import (
	"slices"
	"testing"

	"gorgonia.org/gorgonia"

	"vggtrain/internal/kernel"
)

// small builds two VGG blocks and a classifier with their gradients, planned.
func small(t *testing.T, threads, batch int) (p *probe, loss *gorgonia.Node, params gorgonia.Nodes) {
	t.Helper()
	p = newProbe(t, kernel.Best(), threads, batch)
	loss, params = p.small(batch)
	p.plan(loss, params...)
	return p, loss, params
}

// small builds the network without gradients.
func (p *probe) small(batch int) (loss *gorgonia.Node, params gorgonia.Nodes) {
	p.t.Helper()
	weights := func(name string, rows, cols int) (w, b *gorgonia.Node) {
		data := make([]float32, rows*cols)
		for i := range data {
			data[i] = float32(i*7919%2003-1001) / 5000
		}
		w, b = p.input(name+"/w", data, rows, cols), p.input(name+"/b", make([]float32, cols), cols)
		params = append(params, w, b)
		return w, b
	}
	images, labels := make([]float32, batch*12*12), make([]int32, batch)
	for i := range images {
		images[i] = float32(i*31%255) / 255
	}
	for i := range labels {
		labels[i] = int32(i % 5)
	}
	x := p.input("images", images, batch, 12, 12, 1)
	fused := ConvConfig{Kernel: 3, Stride: 1, Padding: 1, ReLU: true}
	for i, layer := range []struct {
		in, out int
		pool    bool
	}{{1, 16, true}, {16, 24, false}, {24, 24, true}} {
		w, b := weights(string(rune('a'+i)), 9*layer.in, layer.out)
		fused.Pool = layer.pool
		x = p.must(p.ops.Conv(x, w, b, fused))
	}
	x = p.must(p.ops.Flatten(x))
	w, b := weights("hidden", 3*3*24, 40)
	x = p.must(p.ops.Dropout(p.must(p.ops.Dense(x, w, b, true)), 0.5))
	w, b = weights("logits", 40, 5)
	loss = p.must(p.ops.CrossEntropy(p.must(p.ops.Dense(x, w, b, false)), p.input("labels", labels, batch), 0.1))
	return loss, params
}

// Walks the graph in Gorgonia's order and sees that whatever is read still holds what its
// maker wrote, which the plan concluded from the edges alone.
func TestPlanKeepsWhatIsRead(t *testing.T) {
	p, _, _ := small(t, 1, 4)
	sorted, err := gorgonia.Sort(p.g)
	if err != nil {
		t.Fatal(err)
	}
	slices.Reverse(sorted)
	owner := map[int]*buffer{} // of each cache line of the arena
	total, end := 0, 0
	check := func(n *gorgonia.Node, b *buffer) {
		for at := b.offset; at < b.offset+b.floats(); at += 16 {
			if owner[at] != b {
				t.Fatalf("%v reads a buffer of which offset %d was overwritten", n, at)
			}
		}
	}
	var outputs []*buffer
	for _, n := range sorted {
		o, ok := n.Op().(*operation)
		if !ok {
			continue
		}
		written := slices.Concat(o.work, o.writes) // in this order, where they overlap
		for _, b := range written {
			total += b.floats()
			end = max(end, b.offset+b.floats())
			for at := b.offset; at < b.offset+b.floats(); at += 16 {
				owner[at] = b
			}
		}
		for _, child := range o.inputs {
			if c, ok := child.Op().(*operation); ok && c.out != nil {
				check(n, c.out)
			}
		}
		if o.isPart {
			outputs = append(outputs, o.out)
		}
	}
	for _, b := range outputs {
		check(nil, b)
	}
	if len(outputs) != 10 {
		t.Errorf("%d parameter gradients, want 10", len(outputs))
	}
	if end >= total {
		t.Errorf("the arena has %d floats, the buffers %d: nothing is shared", end, total)
	}
}

// The gradients have the same bits whatever the number of threads and however often they are
// taken, in arenas that hold what the step before left.
func TestStepRepeats(t *testing.T) {
	var want [][]float32
	for _, threads := range []int{1, 2, 5} {
		p, _, params := small(t, threads, 6)
		p.ops.SetStep(3)
		for range 2 {
			if err := p.run(); err != nil {
				t.Fatal(err)
			}
			for i, n := range params {
				got := slices.Clone(p.gradient(n))
				if len(want) < len(params) {
					want = append(want, got)
				} else if d := equal(want[i], got); d != "" {
					t.Fatalf("%d threads, %v: %s", threads, n, d)
				}
			}
		}
	}
}

// A short batch gives the gradients of a graph of its size, though the other rows hold NaN.
func TestShortBatch(t *testing.T) {
	whole, _, params := small(t, 2, 3)
	if err := whole.run(); err != nil {
		t.Fatal(err)
	}
	short, _, shortParams := small(t, 2, 7)
	for i, n := range short.inputs {
		if n.Name() == "images" {
			data := floats(short.inputs[i].Value())
			for j := 3 * 12 * 12; j < len(data); j++ {
				data[j] = float32(j) * 1e30
			}
		}
	}
	if err := short.ops.SetRows(3); err != nil {
		t.Fatal(err)
	}
	if err := short.run(); err != nil {
		t.Fatal(err)
	}
	if whole.ops.Loss() != short.ops.Loss() {
		t.Errorf("loss %v, alone %v", short.ops.Loss(), whole.ops.Loss())
	}
	for i := range params {
		// The batches are cut into other groups: sums may round otherwise.
		got, want := short.gradient(shortParams[i]), whole.gradient(params[i])
		mags := make([]float32, len(want))
		for j := range mags {
			mags[j] = 1
		}
		near(t, params[i].Name(), got, want, mags, 3*12*12)
	}
}

// Without gradients the transformed filters are made once for a version of the weights, and
// nothing else takes their memory meanwhile.
func TestFiltersLast(t *testing.T) {
	const batch, side, channels, layers = 4, 32, 16, 3
	p := newProbe(t, kernel.Best(), 2, batch)
	p.ops.training = false
	shape := kernel.Conv{N: batch, H: side, W: side, C: channels, OC: channels, Kernel: 3, Stride: 1, Padding: 1}
	if shape.FilterSize(p.ops.workers) == 0 {
		t.Fatalf("%+v has no transformed filters", shape)
	}
	images := make([]float32, batch*side*side*channels)
	for i := range images {
		images[i] = float32(i*31%255) / 255
	}
	weights := make([]float32, 9*channels*channels)
	for i := range weights {
		weights[i] = float32(i*7919%2003-1001) / 5000
	}
	x := p.input("images", images, batch, side, side, channels)
	w, b := p.input("w", weights, 9*channels, channels), p.input("b", make([]float32, channels), channels)
	for range layers {
		x = p.must(p.ops.Conv(x, w, b, ConvConfig{Kernel: 3, Stride: 1, Padding: 1}))
	}
	if err := p.ops.Plan(p.g); err != nil {
		t.Fatal(err)
	}
	if planned := p.ops.PlannedBytes(); planned < int64(4*layers*shape.FilterSize(p.ops.workers)) {
		t.Errorf("%d bytes are planned, fewer than the filters take", planned)
	}
	if err := p.ops.Allocate(); err != nil {
		t.Fatal(err)
	}
	p.machine = gorgonia.NewTapeMachine(p.g)
	defer p.machine.Close()
	output := func() []float32 {
		if err := p.run(); err != nil {
			t.Fatal(err)
		}
		return slices.Clone(floats(x.Value()))
	}
	first := output()
	if diff := equal(first, output()); diff != "" {
		t.Errorf("the second run gives other outputs (-first +second):\n%s", diff)
	}
	for i := range weights {
		weights[i] *= 2 // exact: and so are its products
	}
	p.ops.SetWeights(1)
	for i := range first {
		first[i] *= 1 << layers
	}
	if diff := equal(first, output()); diff != "" {
		t.Errorf("weights twice as large give other outputs (-want +got):\n%s", diff)
	}
}
