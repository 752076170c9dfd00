package model

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The chapter's first exercise: where vgg11's parameters and multiply-adds are.
func TestCompare(t *testing.T) {
	in := Input{2, 1, 224, 224}
	c := Compare([]*Arch{vgg11, vgg11Small}, in, 10)
	if err := c.Err(); err != nil {
		t.Fatal(err)
	}
	s := summarize(t, vgg11, in.String(), 10)
	eval, err := EvaluationBytes(mustResolve(t, vgg11, 1, 224, 10), 2)
	if err != nil {
		t.Fatal(err)
	}
	const convParams, denseParams = 9219328, 119586826
	const convMACs, denseMACs = 2 * 7427653632, 2 * 119578624
	want := &Costs{
		Totals: Totals{
			Params: 128806154, MACs: convMACs + denseMACs, FLOPs: 2 * (convMACs + denseMACs),
			WeightBytes: 4 * 128806154, TrainBytes: s.TrainBytes,
		},
		EvalBytes:    eval,
		Convolutions: Part{8, convParams, convParams / 128806154.0, convMACs, float64(convMACs) / (convMACs + denseMACs)},
		Dense:        Part{3, denseParams, denseParams / 128806154.0, denseMACs, float64(denseMACs) / (convMACs + denseMACs)},
	}
	if diff := cmp.Diff(want, c.Networks[0].Costs); diff != "" {
		t.Errorf("vgg11 (-want +got):\n%s", diff)
	}
	for _, n := range c.Networks {
		if sum := n.Convolutions.ParamsShare + n.Dense.ParamsShare; !(math.Abs(sum-1) <= 1e-15) {
			t.Errorf("%s: shares of the parameters add up to %v", n.Arch, sum)
		}
		if sum := n.Convolutions.MACsShare + n.Dense.MACsShare; !(math.Abs(sum-1) <= 1e-15) {
			t.Errorf("%s: shares of the MACs add up to %v", n.Arch, sum)
		}
	}
}

// A network that cannot take the input has a reason and no numbers; the others have theirs.
func TestCompareRefuses(t *testing.T) {
	c := Compare([]*Arch{tiny, vgg11, vgg16}, Input{1, 1, 28, 28}, 10)
	want := "vgg11: input 28x28 is too small: vgg11's five poolings need at least 32\n" +
		"vgg16: input 28x28 is too small: vgg16's five poolings need at least 32"
	if err := c.Err(); err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
	if n := c.Networks[0]; n.Error != "" || n.Params == 0 {
		t.Errorf("tiny: %+v", n)
	}
	text, err := json.Marshal(c.Networks[1])
	if err != nil {
		t.Fatal(err)
	}
	if want := `{"arch":"vgg11","error":"input 28x28 is too small: vgg11's five poolings need at least 32"}`; string(text) != want {
		t.Errorf("vgg11: %s, want %s", text, want)
	}
	wide := NewVGG("wide", [][2]int{{1, 8192}}, []int{65536}, 0)
	c = Compare([]*Arch{tiny, wide}, Input{1, 1, 512, 512}, 10)
	if err := c.Err(); err == nil || strings.Count(err.Error(), "wide:") != 1 {
		t.Errorf("the name is not said once: %v", err)
	}
}
