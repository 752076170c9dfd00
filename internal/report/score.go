package report

import (
	"encoding/json"
	"fmt"
	"slices"

	"vggtrain/internal/rundir"
	"vggtrain/internal/trained"
)

// score is score.json: the evaluation that the page shows. A resumed run's page reads it back. Its
// fields have the names of eval --json and errors.csv.
type score struct {
	Epoch     int                  `json:"epoch"`
	Images    int                  `json:"images"`
	Correct   int                  `json:"correct"`
	Accuracy  float64              `json:"accuracy"`
	Loss      number               `json:"loss"`
	Classes   []trained.ClassScore `json:"classes"`
	Confusion [][]int64            `json:"confusion"` // [true class][predicted class]; null for more than trained.MaxConfusion classes
	Confused  []confused           `json:"confused"`  // pairs of classes, the most frequent first
	Errors    []scoreError         `json:"errors"`    // the most confident first
}

type confused struct {
	True      string `json:"true"`
	Predicted string `json:"predicted"`
	Images    int64  `json:"images"`
}

type scoreError struct {
	Index       int    `json:"index"`
	True        string `json:"true"`
	Predicted   string `json:"predicted"`
	Probability number `json:"probability"`
}

func newScore(classes []string, epoch int, e *trained.Evaluation) *score {
	s := &score{
		Epoch: epoch, Images: e.Images, Correct: e.Correct, Accuracy: e.Accuracy(), Loss: number(e.Loss),
		Classes: e.Classes(classes), Confusion: e.Confusion, Confused: []confused{}, Errors: []scoreError{}, // not null
	}
	for _, c := range e.MostConfused(maxConfused) {
		s.Confused = append(s.Confused, confused{classes[c.True], classes[c.Predicted], c.Images})
	}
	for _, i := range e.Surest(maxErrors) {
		p := e.Predictions[i]
		s.Errors = append(s.Errors, scoreError{i, classes[e.Labels[i]], classes[p.Class], number(p.Probability)})
	}
	return s
}

const (
	maxConfused = 20
	maxScore    = 32 << 20 // bytes: 65,536 classes take a third
)

// readScore returns the score in a run's folder; nil if it is not of such a set after one of these
// epochs.
func readScore(dir *rundir.Dir, classes []string, images, epochs int) *score {
	text, err := rundir.Head(dir.Score(), maxScore)
	s := &score{}
	if err != nil || json.Unmarshal(text, s) != nil || s.Epoch < 1 || s.Epoch > epochs || !s.fits(classes, images) {
		return nil
	}
	return s
}

// fits reports whether a score can be of a set of these classes with this many images.
func (s *score) fits(classes []string, images int) bool {
	named := func(c trained.ClassScore, name string) bool { return c.Name == name }
	ragged := func(row []int64) bool { return len(row) != len(classes) || slices.Min(row) < 0 }
	other := func(e scoreError) bool { return e.Index < 0 || e.Index >= images }
	rows := len(classes)
	if rows > trained.MaxConfusion {
		rows = 0
	}
	return slices.EqualFunc(s.Classes, classes, named) &&
		len(s.Confusion) == rows && len(s.Confused) <= maxConfused && !slices.ContainsFunc(s.Confusion, ragged) &&
		len(s.Errors) <= maxErrors && !slices.ContainsFunc(s.Errors, other)
}

// support is the number of images of a class.
func (s *score) support(name string) int64 {
	at := slices.IndexFunc(s.Classes, func(c trained.ClassScore) bool { return c.Name == name })
	if at < 0 {
		return 0
	}
	return s.Classes[at].Support
}

func (s *score) write(dir *rundir.Dir) error {
	text, err := json.Marshal(s)
	if err != nil {
		return fmt.Errorf("%s: %w", dir.Score(), err)
	}
	return dir.Write(dir.Score(), append(text, '\n'))
}
