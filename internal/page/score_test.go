package page

import (
	"math"
	"strings"
	"testing"
)

func TestMatrixShades(t *testing.T) {
	s := exampleScore(t)
	rows := s.Matrix()
	var got []string
	for _, row := range rows {
		for _, c := range row.Cells {
			got = append(got, c.Class+" "+c.Text)
		}
	}
	// √(30/40)=0.87 → 9, √(8/40)=0.45 → 5, √(2/40)=0.22 → 3; √(9/2000)=0.067 → 1, √(1991/2000)=0.998 → 10; √(1/20)=0.22 → 3, √(19/20)=0.97 → 10.
	want := "c9 30,e5 8,e3 2,e1 9,c10 1,991,e0 ,e0 ,e3 1,c10 19"
	if strings.Join(got, ",") != want {
		t.Errorf("cells %q, want %q", got, want)
	}
	if note := rows[0].Cells[1].Note; note != "Shirt taken for Coat: 8 of 40" {
		t.Errorf("note %q", note)
	}
}

// A class without images, and one that nobody has named.
func TestScoreOfOddSets(t *testing.T) {
	s := &Score{Epoch: 1, Classes: []string{"", "b"}, Confusion: [][]int64{{0, 0, 0}, {0, 0, 3}, {0, 0, 0}}, PerClass: make([]ClassScore, 3),
		Confused: []Confused{{"b", "", 3, 3}}}
	if rows := s.Matrix(); rows[0].Name != "(no name)" || rows[2].Name != "class 2" || rows[0].Cells[0].Class != "c0" {
		t.Errorf("matrix %+v", rows)
	}
	if text := shown(t, &Page{Score: s}); !strings.Contains(text, " class 2 0.000 0.000 0.000 0 ") {
		t.Errorf("the last class is not in the table:\n%s", text)
	}
	if list := s.Confusions(); len(list) != 1 || list[0] != "b taken for (no name): 3 of 3, 100.0\u00a0%" {
		t.Errorf("confusions %q", list)
	}
}

// Names from right to left do not take the numbers behind them along, in lists and under the pointer.
func TestScoreOfNamesFromRightToLeft(t *testing.T) {
	const coat, shirt = "\u05de\u05e2\u05d9\u05dc", "\u0642\u0645\u064a\u0635 2"
	s := exampleScore(t)
	s.Classes[0], s.Classes[1] = shirt, coat
	s.Confused[1].True, s.Confused[1].Predicted = shirt, coat
	const want = "\u2068" + shirt + "\u2069 taken for \u2068" + coat + "\u2069: 8 of 40"
	if got := s.Confusions()[1]; got != want+", 20.0\u00a0%" {
		t.Errorf("listed as %+q", got)
	}
	if got := s.Matrix()[0].Cells[1].Note; got != want {
		t.Errorf("noted as %+q", got)
	}
	if got := s.Name(2); got != "Bag" {
		t.Errorf("a name from left to right is %+q", got)
	}
}

func TestBar(t *testing.T) {
	for part, want := range map[float64]string{0: "0%", 0.25: "25%", 1: "100%", 7: "100%", -1: "0%", math.NaN(): "0%"} {
		if got := bar(part); got != want {
			t.Errorf("%v is %q, want %q", part, got, want)
		}
	}
}

func TestChance(t *testing.T) {
	for p, want := range map[float64]string{0: "0.0\u00a0%", 0.5: "50.0\u00a0%", 0.98765: "98.8\u00a0%", 0.99876: "99.88\u00a0%", 0.99996: "> 99.99\u00a0%", 1: "100.0\u00a0%"} {
		if got := chance(p); got != want {
			t.Errorf("%v is %q, want %q", p, got, want)
		}
	}
}
