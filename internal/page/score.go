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
	Support               int
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

type matrixRow struct {
	Name  string
	Cells []cell
}

// cell is a cell of the matrix. Its class is its shade: c0 to c10 for what is right, e0 to e10 for
// what is confused.
type cell struct{ Text, Class, Note string }

// Name is what the page calls a class: its number where it has no name.
func (s *Score) Name(k int) string {
	if k >= min(len(s.Classes), maxClasses) {
		return "class " + strconv.Itoa(k)
	}
	return label(s.Classes[k])
}

// Rows are the classes of the page's table.
func (s *Score) Rows() []ClassScore { return s.PerClass[:min(len(s.PerClass), maxClasses)] }

// Matrix is the confusion matrix, nil for too many classes. It shades each cell by its part of its row,
// by the square root of it: few errors can be seen beside many right ones.
func (s *Score) Matrix() (rows []matrixRow) {
	if len(s.Confusion) > maxMatrix {
		return nil
	}
	for i, counts := range s.Confusion {
		all := sum(counts)
		row := matrixRow{Name: s.Name(i)}
		for j, n := range counts {
			kind, what := "e", "taken for "+s.Name(j)
			if i == j {
				kind, what = "c", "recognised"
			}
			c := cell{
				Class: kind + strconv.Itoa(int(math.Ceil(10*math.Sqrt(share(n, all))))),
				Note:  fmt.Sprintf("%s %s: %s of %s", row.Name, what, humanize.Comma(n), humanize.Comma(all)),
			}
			if n > 0 {
				c.Text = humanize.Comma(n)
			}
			row.Cells = append(row.Cells, c)
		}
		rows = append(rows, row)
	}
	return rows
}

// Confusions lists the pairs that are confused most often.
func (s *Score) Confusions() (list []string) {
	most := maxConfusions
	if len(s.Confusion) > maxMatrix {
		most = maxListed
	}
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
	for _, p := range pairs[:min(len(pairs), most)] {
		n, all := s.Confusion[p.i][p.j], sum(s.Confusion[p.i])
		list = append(list, fmt.Sprintf("%s taken for %s: %s of %s, %s",
			s.Name(p.i), s.Name(p.j), humanize.Comma(n), humanize.Comma(all), chance(share(n, all))))
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
