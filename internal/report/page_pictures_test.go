package report

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"vggtrain/configs"
	"vggtrain/dataset"
	"vggtrain/internal/train"
	"vggtrain/model"
)

func picturesOf(j *train.Job) *pictures {
	return &pictures{network: &j.Network, scored: j.Val, workers: j.Workers}
}

// A network of zeros, but for what is looked at.
func TestPicturesOfANetwork(t *testing.T) {
	r := newPageRun(t)
	params := r.job.Params
	for _, p := range params {
		clear(p.Data)
	}
	weight, logits := params[0], params[len(params)-1].Data
	values := make([]float32, weight.Len())
	for i := range values {
		values[i] = float32(i / 9) // of filter i/9
	}
	weight.Import(values)
	for k := range logits {
		logits[k] = float32(math.Log(float64(1 + (k+7)%10))) // so that class 2 has 10/55
	}

	p := picturesOf(r.job)
	f, err := p.filters()
	if err != nil || len(f.Images) != 8 || f.Limit != 7 || f.Shape != "8 filters of 3×3" || f.Images[3].Note != "filter 4: 3 to 3" {
		t.Errorf("filters %.300v, %v", f, err)
	}

	m, err := p.maps()
	if err != nil || len(m.Blocks) != 2 {
		t.Fatalf("%.300v, %v", m, err)
	}
	// Filter 0 is zero, the others see the image; then nothing is left.
	first, second := m.Blocks[0], m.Blocks[1]
	if first.Silent != "1 of 8 are zero" || len(first.Channels) != 8 || second.Silent != "80 of 80 are zero" || len(second.Channels) != maxChannels {
		t.Errorf("silent %q of %d and %q of %d", first.Silent, len(first.Channels), second.Silent, len(second.Channels))
	}
	guess := ""
	for _, g := range m.Guesses {
		guess += fmt.Sprintf("%s %.4f ", g.Class, g.Probability)
	}
	if want := "Pullover 0.1818 Trouser 0.1636 T-shirt/top 0.1455 Ankle boot 0.1273 Bag 0.1091 "; guess != want {
		t.Errorf("guesses %s, want %s", guess, want)
	}
}

// Channels of one number are as bright as they are large, beside the block's others.
func TestPicturesOfSingleNumbers(t *testing.T) {
	r := newPageRun(t)
	data, err := dataset.Open(t.Context(), dataset.OpenOptions{Spec: "sample"})
	if err != nil {
		t.Fatal(err)
	}
	// 28 pixels are halved to 14, 7, 3 and 1.
	arch := model.NewVGG("deep", [][2]int{{1, 2}, {1, 2}, {1, 2}, {1, 4}}, []int{8}, 0)
	job, err := train.Prepare(t.Context(), r.job.Facts.Settings, arch, data, r.job.Workers)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range job.Params {
		clear(p.Data)
	}
	bias := slices.IndexFunc(job.Params, func(p *model.Param) bool { return p.Name == "features.9.bias" })
	copy(job.Params[bias].Data, []float32{0, 1, 2, 4})
	p := picturesOf(job)
	m, err := p.maps()
	if err != nil {
		t.Fatal(err)
	}
	if n := len(m.Blocks); n != 4 || m.Blocks[3].Shape != "4×1×1" || !m.Single {
		t.Fatalf("%d blocks, of single numbers: %t", n, m.Single)
	}
	for c, v := range []float32{0, 1, 2, 4} {
		want, err := p.painter.Pixels([]byte{byte(255*v/4 + 0.5)}, 1, 1, 1, "")
		if got := m.Blocks[3].Channels[c]; err != nil || got.URI != want.URI {
			t.Errorf("channel %d of %v of 4 is %s, want %s; %v", c, v, got.URI, want.URI, err)
		}
	}
}

// The image is as the network sees it: normalised.
func TestPictureOfTheInput(t *testing.T) {
	r := newPageRun(t)
	r.job.Normalize = configs.NormalizeBy([]float64{0.25}, []float64{0.5})
	p := picturesOf(r.job)
	if err := p.load(); err != nil {
		t.Fatal(err)
	}
	first, err := dataset.Read(t.Context(), r.job.Val, 0)
	if err != nil {
		t.Fatal(err)
	}
	for i, v := range first.Pix {
		if want := (float64(v)/255 - 0.25) / 0.5; !(math.Abs(float64(p.image[i])-want) <= 1e-6) {
			t.Fatalf("pixel %d is %v, want %v", i, p.image[i], want)
		}
	}
}
