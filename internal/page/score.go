package page

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"

	"github.com/dustin/go-humanize"
)

// Score is what the newest evaluation has found.
type Score struct {
	Epoch     int
	Set       string // what was scored, in words: "10,000 images of the test set"
	Classes   []string
	Confusion [][]int64 // [true class][predicted class]
	PerClass  []ClassScore
	Errors    []Error // the most confident first
	Wrong     int     // how many errors there are
}

// ClassScore is how well a class was recognised.
type ClassScore struct {
	Precision, Recall, F1 float64
	Support               int64
}

// Error is an image that the network takes for another class.
type Error struct {
	Image           Image
	True, Predicted string // classes
	Probability     float64
}

const (
	maxMatrix     = 24 // classes of a matrix; of more, only what is confused is shown
	maxConfusions = 5  // listed besides a matrix
	maxListed     = 20 // and instead of one
	maxClasses    = 256
)

// scoreView is a Score as the template shows it.
type scoreView struct {
	Epoch      int
	Set        string
	Names      []string
	Matrix     []matrixRow // nil: too many classes
	Confusions []string
	PerClass   []classRow
	Errors     []errorView
	Wrong      string
}

type matrixRow struct {
	Name  string
	Cells []cell
}

// cell is a cell of the matrix. Its class is its shade: c0 to c10 for what is right, e0 to e10 for
// what is confused.
type cell struct{ Text, Class, Note string }

type classRow struct {
	Name, Precision, Recall, F1, Support string
	Bar                                  string // F1 in percent
}

type errorView struct {
	Image
	True, Predicted, Probability string
}

func (s *Score) view() *scoreView {
	v := &scoreView{Epoch: s.Epoch, Set: s.Set, Wrong: humanize.Comma(int64(s.Wrong))}
	for _, name := range s.Classes[:min(len(s.Classes), maxClasses)] {
		v.Names = append(v.Names, label(name))
	}
	listed := maxConfusions
	if len(s.Confusion) <= maxMatrix {
		v.Matrix = s.matrix(v.Names)
	} else {
		listed = maxListed
	}
	v.Confusions = s.confusions(v.Names, listed)
	for k, c := range s.PerClass[:min(len(s.PerClass), maxClasses)] {
		v.PerClass = append(v.PerClass, classRow{
			name(v.Names, k), orDash("%.3f", c.Precision), orDash("%.3f", c.Recall), orDash("%.3f", c.F1),
			humanize.Comma(c.Support), bar(c.F1),
		})
	}
	for _, e := range s.Errors {
		v.Errors = append(v.Errors, errorView{e.Image, label(e.True), label(e.Predicted), chance(e.Probability)})
	}
	return v
}

// matrix shades each cell by its part of its row, by the square root of it: few errors can be seen
// beside many right ones.
func (s *Score) matrix(names []string) []matrixRow {
	var rows []matrixRow
	for i, counts := range s.Confusion {
		all := sum(counts)
		row := matrixRow{Name: name(names, i)}
		for j, n := range counts {
			kind := "e"
			if i == j {
				kind = "c"
			}
			part := share(n, all)
			c := cell{
				Text:  humanize.Comma(n),
				Class: kind + strconv.Itoa(int(math.Ceil(10*math.Sqrt(part)))),
				Note:  fmt.Sprintf("%s taken for %s: %s of %s", row.Name, name(names, j), humanize.Comma(n), humanize.Comma(all)),
			}
			if i == j {
				c.Note = fmt.Sprintf("%s recognised: %s of %s", row.Name, humanize.Comma(n), humanize.Comma(all))
			}
			if n == 0 {
				c.Text = ""
			}
			row.Cells = append(row.Cells, c)
		}
		rows = append(rows, row)
	}
	return rows
}

// confusions lists the pairs that are confused most often.
func (s *Score) confusions(names []string, most int) []string {
	type pair struct{ i, j int }
	var pairs []pair
	for i, counts := range s.Confusion {
		for j, n := range counts {
			if i != j && n > 0 {
				pairs = append(pairs, pair{i, j})
			}
		}
	}
	slices.SortStableFunc(pairs, func(a, b pair) int { return cmp.Compare(s.Confusion[b.i][b.j], s.Confusion[a.i][a.j]) })
	var list []string
	for _, p := range pairs[:min(len(pairs), most)] {
		n, all := s.Confusion[p.i][p.j], sum(s.Confusion[p.i])
		list = append(list, fmt.Sprintf("%s taken for %s: %s of %s, %s",
			name(names, p.i), name(names, p.j), humanize.Comma(n), humanize.Comma(all), chance(share(n, all))))
	}
	return list
}

func sum(counts []int64) int64 {
	var all int64
	for _, n := range counts {
		all += n
	}
	return all
}

func share(n, all int64) float64 {
	if all == 0 {
		return 0
	}
	return float64(n) / float64(all)
}
