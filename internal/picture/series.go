package picture

import (
	"math"
	"slices"
)

// point is a point of a line; where y is not finite the line has a gap.
type point struct{ x, y float64 }

func isFinite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }

// thin returns at most that many points, each the mean of as many in a row, whose values that are
// not finite do not count unless all are such.
func thin(points []point, most int) []point {
	if len(points) <= most {
		return points
	}
	each := (len(points) + most - 1) / most
	var thinned []point
	for group := range slices.Chunk(points, each) {
		thinned = append(thinned, mean(group))
	}
	return thinned
}

func mean(points []point) point {
	var x, y float64
	n := 0
	for _, p := range points {
		x += p.x
		if isFinite(p.y) {
			y += p.y
			n++
		}
	}
	return point{x / float64(len(points)), y / float64(n)} // NaN for none
}

// smooth returns the moving average over a fiftieth of the points, which does not reach over gaps
// or beyond the ends.
func smooth(points []point) []point {
	half := len(points) / 100
	smoothed := slices.Clone(points)
	for from := 0; from < len(points); {
		to := from
		for to < len(points) && isFinite(points[to].y) {
			to++
		}
		for i := from; i < to; i++ {
			smoothed[i].y = mean(points[max(from, i-half):min(to, i+half+1)]).y
		}
		from = to + 1
	}
	return smoothed
}

// ratio returns the points of a, each divided by that of b.
func ratio(a, b []point) []point {
	divided := slices.Clone(a)
	for i := range divided {
		divided[i].y /= b[i].y
	}
	return divided
}

// limit takes what is far above the top a little above it: a line still leaves there, and no
// number gets so large that the drawing would not bear it.
func limit(points []point, top float64) []point {
	limited := slices.Clone(points)
	for i, p := range limited {
		if isFinite(p.y) {
			limited[i].y = max(-4*top, min(p.y, 4*top))
		}
	}
	return limited
}

// sorted returns the finite values, the smallest first.
func sorted(points []point) []float64 {
	var values []float64
	for _, p := range points {
		if isFinite(p.y) {
			values = append(values, p.y)
		}
	}
	slices.Sort(values)
	return values
}
