package dataset

import (
	"slices"
	"strings"
	"testing"
)

func labelsOf(s Source) (labels []int32) {
	for i := range s.Len() {
		labels = append(labels, s.Label(i))
	}
	return labels
}

func TestMatch(t *testing.T) {
	set := numbered(4, func(i int) int32 { return int32(i % 3) })
	data := &Data{Train: set, Test: Head(set, 2), Classes: []string{"caf\u00e9", "b", "a"}}
	other, err := data.Match([]string{"a", "b", "cafe\u0301", "d"})
	if err != nil {
		t.Fatal(err)
	}
	if got := labelsOf(other.Train); !slices.Equal(got, []int32{2, 1, 0, 2}) {
		t.Errorf("labels %v", got)
	}
	if got := labelsOf(other.Test); !slices.Equal(got, []int32{2, 1}) || len(other.Classes) != 4 || other.Val != nil {
		t.Errorf("test labels %v, classes %v", got, other.Classes)
	}
	if Bytes(other.Train) != Bytes(set) || len(labelsOf(data.Train)) != 4 || data.Train.Label(0) != 0 {
		t.Error("the images are no longer in memory, or the data have changed")
	}
	for name, classes := range map[string][]string{"missing": {"a", "caf\u00e9"}, "case": {"A", "b", "caf\u00e9"}} {
		if _, err := data.Match(classes); err == nil || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", name, err)
		}
	}
	twice := &Data{Train: set, Classes: []string{"caf\u00e9", "cafe\u0301", "a"}}
	if _, err := twice.Match([]string{"a", "caf\u00e9"}); err == nil {
		t.Error("two classes of one name are one")
	}
}

func TestMatchNumbers(t *testing.T) {
	data := &Data{Train: numbered(2, func(i int) int32 { return int32(i) }), Classes: []string{"3", "7"}}
	other := data.MatchNumbers(Classes)
	if other == nil || !slices.Equal(labelsOf(other.Train), []int32{3, 7}) || !slices.Equal(other.Classes, Classes) {
		t.Errorf("%+v", other)
	}
	if other := data.MatchNumbers(Classes[:7]); other != nil {
		t.Errorf("label 7 of 7 classes: %+v", other)
	}
	if other := (&Data{Train: data.Train, Classes: []string{"3", "x"}}).MatchNumbers(Classes); other != nil {
		t.Errorf("label x: %+v", other)
	}
}
