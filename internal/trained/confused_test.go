package trained

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestMostConfused(t *testing.T) {
	e := &Evaluation{Labels: []int32{5, 5, 1, 2, 70000, 1}, Predictions: []Prediction{{Class: 1}, {Class: 1}, {Class: 2}, {Class: 2}, {Class: 5}, {Class: 2}}}
	want := []Confused{{1, 2, 2}, {5, 1, 2}, {70000, 5, 1}}
	if diff := cmp.Diff(want, e.MostConfused(9)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(want[:1], e.MostConfused(1)); diff != "" {
		t.Errorf("one (-want +got):\n%s", diff)
	}
	// Of 5, two are taken for 1; of 2, one is right; what is about 70000 counts not.
	if diff := cmp.Diff([][]int64{{0, 2, 0}, {0, 1, 0}, {2, 0, 0}}, e.Among([]int{1, 2, 5})); diff != "" {
		t.Errorf("among 1, 2 and 5 (-want +got):\n%s", diff)
	}
}

// A set of very many classes has no matrix, which would have the square of them.
func TestEvaluateManyClasses(t *testing.T) {
	for classes, want := range map[int]bool{MaxConfusion: true, MaxConfusion + 1: false, 65536: false} {
		e, err := Evaluate(t.Context(), nil, &listed{batch: 1}, classes)
		if err != nil || (e.Confusion != nil) != want {
			t.Errorf("%d classes: a matrix of %d rows, %v", classes, len(e.Confusion), err)
		}
	}
}
