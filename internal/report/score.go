package report

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"vggtrain/dataset"
	"vggtrain/internal/page"
	"vggtrain/internal/rundir"
	"vggtrain/internal/train"
	"vggtrain/internal/trained"
)

// score is score.json: the evaluation that the page shows, from which the page of a resumed run
// shows it again. Its fields are those of eval --json and errors.csv.
type score struct {
	Epoch     int          `json:"epoch"`
	Images    int          `json:"images"`
	Correct   int          `json:"correct"`
	Accuracy  float64      `json:"accuracy"`
	Loss      number       `json:"loss"`
	Classes   []scoreClass `json:"classes"`
	Confusion [][]int64    `json:"confusion"` // [true class][predicted class]
	Errors    []scoreError `json:"errors"`    // the most confident first
}

type scoreClass struct {
	Name      string  `json:"name"`
	Precision float64 `json:"precision"`
	Recall    float64 `json:"recall"`
	F1        float64 `json:"f1"`
	Support   int64   `json:"support"`
}

type scoreError struct {
	Index       int    `json:"index"`
	True        string `json:"true"`
	Predicted   string `json:"predicted"`
	Probability number `json:"probability"`
}

func newScore(j *train.Job, epoch int, e *trained.Evaluation) *score {
	s := &score{
		Epoch: epoch, Images: e.Images, Correct: e.Correct, Accuracy: e.Accuracy(), Loss: number(e.Loss),
		Confusion: e.Confusion, Errors: []scoreError{}, // not null
	}
	for k, c := range e.Classes() {
		s.Classes = append(s.Classes, scoreClass{className(j, k), c.Precision, c.Recall, c.F1, c.Support})
	}
	for _, i := range e.Surest(maxErrors) {
		p := e.Predictions[i]
		s.Errors = append(s.Errors, scoreError{i, className(j, int(e.Labels[i])), className(j, p.Class), number(p.Probability)})
	}
	return s
}

// readScore returns the score in a run's folder; nil if it is not of this job's images after one of
// these epochs.
func readScore(dir *rundir.Dir, j *train.Job, epochs int) *score {
	text, err := dir.ReadScore()
	s := &score{}
	if err != nil || json.Unmarshal(text, s) != nil || s.Epoch < 1 || s.Epoch > epochs || !s.fits(j) {
		return nil
	}
	return s
}

// fits reports whether a score can be of a job's images.
func (s *score) fits(j *train.Job) bool {
	named := func(c scoreClass, name string) bool { return c.Name == name }
	ragged := func(row []int64) bool { return len(row) != len(j.Classes) || slices.Min(row) < 0 }
	other := func(e scoreError) bool { return e.Index < 0 || e.Index >= j.Val.Len() }
	return slices.EqualFunc(s.Classes, j.Classes, named) &&
		len(s.Confusion) == len(j.Classes) && !slices.ContainsFunc(s.Confusion, ragged) &&
		len(s.Errors) <= maxErrors && !slices.ContainsFunc(s.Errors, other)
}

// shown is what the page says of a score.
func (s *score) shown(j *train.Job, painter *page.Painter) (*page.Score, error) {
	p := &page.Score{Epoch: s.Epoch, Set: scoredSet(j), Classes: j.Classes, Confusion: s.Confusion, Wrong: s.Images - s.Correct}
	for _, c := range s.Classes {
		p.PerClass = append(p.PerClass, page.ClassScore{Precision: c.Precision, Recall: c.Recall, F1: c.F1, Support: c.Support})
	}
	for _, e := range s.Errors {
		pixels, err := dataset.Read(context.Background(), j.Val, e.Index)
		if err != nil {
			return nil, err
		}
		image, err := painter.Gray(pixels.Pix, pixels.Rows, pixels.Cols, fmt.Sprintf("image #%d", e.Index)) // as in eval's files
		if err != nil {
			return nil, err
		}
		p.Errors = append(p.Errors, page.Error{Image: image, True: e.True, Predicted: e.Predicted, Probability: float64(e.Probability)})
	}
	return p, nil
}

func (s *score) write(dir *rundir.Dir) error {
	text, err := json.Marshal(s)
	if err != nil {
		return fmt.Errorf("%s: %w", dir.Score(), err)
	}
	return dir.WriteScore(append(text, '\n'))
}
