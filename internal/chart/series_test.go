package chart

import (
	"math"
	"slices"
	"strings"
	"testing"
)

func TestThin(t *testing.T) {
	var points []Point
	for i := range 2500 {
		points = append(points, Point{float64(i), float64(i % 2)})
	}
	points[4].Y, points[5].Y = math.NaN(), math.Inf(1)
	points[6].Y, points[7].Y, points[8].Y = math.NaN(), math.NaN(), math.NaN()
	got := thin(points, 1000)
	if len(got) != 834 || got[0] != (Point{1, 1.0 / 3}) || got[1].Y != 1 || !math.IsNaN(got[2].Y) || got[2].X != 7 {
		t.Errorf("%d points, the first are %v", len(got), got[:3])
	}
	if same := thin(points[:1000], 1000); !slices.EqualFunc(same[:4], points[:4], func(a, b Point) bool { return a == b }) || len(same) != 1000 {
		t.Error("few points are not left as they are")
	}
}

// The average is over 5 of 200 points, fewer at the ends and at gaps.
func TestSmooth(t *testing.T) {
	points := make([]Point, 200)
	for i := range points {
		points[i] = Point{float64(i), float64(i * i)}
	}
	points[100].Y = math.NaN()
	got := smooth(points)
	for i, want := range map[int]float64{0: 5. / 3, 1: 3.5, 2: 6, 50: 2502, 98: (96*96 + 97*97 + 98*98 + 99*99) / 4., 199: (197*197 + 198*198 + 199*199) / 3.} {
		if !(math.Abs(got[i].Y-want) <= 1e-9) || got[i].X != float64(i) {
			t.Errorf("point %d is %v, want %v", i, got[i], want)
		}
	}
	if !math.IsNaN(got[100].Y) || points[50].Y != 2500 {
		t.Errorf("the gap is %v, and what was given %v", got[100], points[50])
	}
}

// The last of eleven batches has 8 images instead of 128: its loss hardly counts.
func TestLossesCountImages(t *testing.T) {
	c := &Curves{}
	for i := range 1100 {
		s := Step{Step: float64(i + 1), Images: 128, Loss: 1}
		if i%11 == 10 {
			s.Images, s.Loss = 8, 0
		}
		c.Steps = append(c.Steps, s)
	}
	smoothed := c.losses()[1].Points
	for _, p := range smoothed {
		if p.Y < 0.98 || p.Y > 1 {
			t.Fatalf("the average at step %v is %v", p.X, p.Y)
		}
	}
}

func TestTicks(t *testing.T) {
	for _, c := range []struct {
		low, high float64
		most      int
		whole     bool
		want      string
	}{
		{0, 10, 10, true, "0 1 2 3 4 5 6 7 8 9 10"},
		{0, 1, 10, true, "0 1"},
		{0, 1, 5, false, "0.0 0.2 0.4 0.6 0.8 1.0"},
		{0, 2.4, 6, false, "0.0 0.5 1.0 1.5 2.0"},
		{0, 500, 10, true, "0 50 100 150 200 250 300 350 400 450 500"},
		{0, 213.2, 10, true, "0 50 100 150 200"},
		{0, 0.022, 3, false, "0.00 0.01 0.02"},
		{0, 1.1e-7, 3, false, "0 5e-08 1e-07"},
		{0, 3e6, 3, false, "0 1e+06 2e+06 3e+06"},
	} {
		var labels []string
		for _, tick := range ticks(c.low, c.high, c.most, c.whole) {
			labels = append(labels, tick.Label)
		}
		if got := strings.Join(labels, " "); got != c.want {
			t.Errorf("%g to %g: %s, want %s", c.low, c.high, got, c.want)
		}
	}
}
