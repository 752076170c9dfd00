package chart

import (
	"math"
	"slices"
)

// Point is a point of a line. A Y that is NaN or infinite is a gap.
type Point struct{ X, Y float64 }

// IsFinite reports whether x is neither NaN nor infinite.
func IsFinite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }

// thin returns at most most points, each the mean of n points in a row. Values that are not finite do
// not count unless all are.
func thin(points []Point, most int) []Point {
	if len(points) <= most {
		return points
	}
	each := (len(points) + most - 1) / most
	var thinned []Point
	for group := range slices.Chunk(points, each) {
		thinned = append(thinned, mean(group))
	}
	return thinned
}

func mean(points []Point) Point {
	var x, y float64
	n := 0
	for _, p := range points {
		x += p.X
		if IsFinite(p.Y) {
			y += p.Y
			n++
		}
	}
	return Point{x / float64(len(points)), y / float64(n)} // NaN for none
}

// smooth returns the moving average over a fiftieth of the points, which does not reach over gaps
// or beyond the ends.
func smooth(points []Point) []Point {
	half := len(points) / 100
	smoothed := slices.Clone(points)
	for from := 0; from < len(points); {
		to := from
		for to < len(points) && IsFinite(points[to].Y) {
			to++
		}
		for i := from; i < to; i++ {
			smoothed[i].Y = mean(points[max(from, i-half):min(to, i+half+1)]).Y
		}
		from = to + 1
	}
	return smoothed
}

// ratio returns the points of a with Y divided by b's.
func ratio(a, b []Point) []Point {
	divided := slices.Clone(a)
	for i := range divided {
		divided[i].Y /= b[i].Y
	}
	return divided
}

// limit takes what is far above the top a little above it: a line still leaves there, and no
// number gets so large that the drawing would not bear it.
func limit(lines []Line, top float64) []Line {
	for _, l := range lines {
		for i, p := range l.Points {
			if IsFinite(p.Y) {
				l.Points[i].Y = max(-4*top, min(p.Y, 4*top))
			}
		}
	}
	return lines
}

// sorted returns the finite values, the smallest first.
func sorted(points []Point) []float64 {
	var values []float64
	for _, p := range points {
		if IsFinite(p.Y) {
			values = append(values, p.Y)
		}
	}
	slices.Sort(values)
	return values
}

// bounds are the smallest and the largest finite value, 0 for none.
func bounds(points []Point) (low, high float64) {
	if values := sorted(points); len(values) > 0 {
		low, high = values[0], values[len(values)-1]
	}
	return low, high
}
