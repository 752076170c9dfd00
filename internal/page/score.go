package page

import (
	"fmt"
	"math"
	"strconv"

	"github.com/dustin/go-humanize"
)

// Score is the result of the newest evaluation.
type Score struct {
	Epoch     int
	Set       string // the scored set in words: "10,000 images of the test set"
	Classes   []string
	Confusion [][]int64 // [true class][predicted class]; nil: too many classes
	PerClass  []ClassScore
	Confused  []Confused // the most frequent first
	Errors    []Error    // the most confident first
	Wrong     int        // number of errors, including those not in Errors
}

// ClassScore has the measures of one class.
type ClassScore struct {
	Precision, Recall, F1 float64
	Support               int
}

// Error is a misclassified image.
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

// Name returns the name of a class, or its number if it has none.
func (s *Score) Name(k int) string {
	if k >= min(len(s.Classes), maxClasses) {
		return "class " + strconv.Itoa(k)
	}
	return label(s.Classes[k])
}

// Rows are the classes of the page's table: of very many, the first.
func (s *Score) Rows() []ClassScore { return s.PerClass[:min(len(s.PerClass), maxClasses)] }

// Omitted is the number of classes that the page's table leaves out.
func (s *Score) Omitted() int { return len(s.PerClass) - len(s.Rows()) }

// Matrix returns the confusion matrix, or nil for too many classes. A cell's shade is the square root
// of its share of the row, so that few errors are visible beside many right ones.
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

// Confused are the images of one class that were taken for another.
type Confused struct {
	True, Predicted string // classes
	Images, Of      int64  // of all of the true class
}

// Confusions lists the most frequent pairs of true and predicted class.
func (s *Score) Confusions() (list []string) {
	most := maxConfusions
	if len(s.PerClass) > maxMatrix {
		most = maxListed
	}
	for _, c := range s.Confused[:min(len(s.Confused), most)] {
		list = append(list, fmt.Sprintf("%s taken for %s: %s of %s, %s",
			label(c.True), label(c.Predicted), humanize.Comma(c.Images), humanize.Comma(c.Of), chance(share(c.Images, c.Of))))
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
