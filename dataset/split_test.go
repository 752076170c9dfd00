package dataset

import (
	"slices"
	"strings"
	"testing"
)

func TestParseVal(t *testing.T) {
	for text, want := range map[string]Val{"auto": {}, "test": {Test: true}, "1": {Images: 1}, "15%": {Percent: 15}, "99%": {Percent: 99}} {
		got, err := ParseVal(text)
		if err != nil || got != want || got.String() != text {
			t.Errorf("%s: %+v (%s), %v", text, got, got, err)
		}
	}
	for _, text := range []string{"", "0", "-1", "0%", "100%", "%", "1.5%", "1000000001", "train", "test%", "auto%"} {
		if v, err := ParseVal(text); err == nil {
			t.Errorf("%q: %+v", text, v)
		}
	}
}

// sized returns a source with so many images of each class, in turn of classes.
func sized(counts ...int) *Set {
	var labels []int32
	for n := 0; n < slices.Max(counts); n++ {
		for c, count := range counts {
			if n < count {
				labels = append(labels, int32(c))
			}
		}
	}
	return numbered(len(labels), func(i int) int32 { return labels[i] })
}

func labelCounts(s Source) (counts []int) {
	for _, members := range byClass(s) {
		counts = append(counts, len(members))
	}
	return counts
}

func TestDivide(t *testing.T) {
	some, val, test := sized(10, 5, 2), sized(3, 3, 3), sized(4, 4, 4)
	for name, c := range map[string]struct {
		data    Data
		val     string
		split   string
		how     string
		train   []int
		scored  []int
		apart   bool // the test set is scored at the end
		notices int
	}{
		"garments":             {Data{Train: some, Test: test, Kind: Published}, "auto", "test", "the test set", []int{10, 5, 2}, []int{4, 4, 4}, false, 0},
		"sample":               {Data{Train: some, Test: test, Kind: Sampled}, "auto", "test", "the test set", []int{10, 5, 2}, []int{4, 4, 4}, false, 0},
		"garments, held out":   {Data{Train: some, Test: test, Kind: Published}, "4", "val", "4 held out of train", []int{8, 4, 1}, []int{2, 1, 1}, true, 0},
		"val":                  {Data{Train: some, Val: val}, "auto", "val", "the val set", []int{10, 5, 2}, []int{3, 3, 3}, false, 0},
		"val beside test":      {Data{Train: some, Val: val, Test: test}, "auto", "val", "the val set", []int{10, 5, 2}, []int{3, 3, 3}, true, 0},
		"test, val unused":     {Data{Train: some, Val: val, Test: test}, "test", "test", "the test set", []int{10, 5, 2}, []int{4, 4, 4}, false, 1},
		"share, val unused":    {Data{Train: some, Val: val}, "50%", "val", "50 % held out of train", []int{5, 2, 1}, []int{5, 3, 1}, false, 1},
		"train alone":          {Data{Train: some}, "auto", "val", "20 % held out of train", []int{8, 4, 1}, []int{2, 1, 1}, false, 0},
		"no val":               {Data{Train: some, Test: test}, "auto", "val", "20 % held out of train", []int{8, 4, 1}, []int{2, 1, 1}, true, 0},
		"empty val":            {Data{Train: some, Val: sized(0), Test: test}, "auto", "val", "20 % held out of train", []int{8, 4, 1}, []int{2, 1, 1}, true, 0},
		"one picture":          {Data{Train: sized(9, 1), Test: test}, "auto", "test", "the test set", []int{9, 1}, []int{4, 4, 4}, false, 1},
		"one picture, no test": {Data{Train: sized(9, 1)}, "auto", "train", "train itself", []int{9, 1}, []int{9, 1}, false, 1},
		"share of one picture": {Data{Train: sized(9, 1)}, "10%", "val", "10 % held out of train", []int{8, 1}, []int{1}, false, 0},
		"almost all":           {Data{Train: sized(9, 1, 2)}, "9", "val", "9 held out of train", []int{1, 1, 1}, []int{8, 0, 1}, false, 0},
	} {
		t.Run(name, func(t *testing.T) {
			c.data.Classes = []string{"a", "b", "c"}
			by, err := ParseVal(c.val)
			if err != nil {
				t.Fatal(err)
			}
			v, err := Divide(&c.data, by, 3)
			if err != nil {
				t.Fatal(err)
			}
			if v.Split != c.split || v.How != c.how || (v.Test != nil) != c.apart || len(v.Notices) != c.notices {
				t.Errorf("%s, %s, test %v, notices %q", v.Split, v.How, v.Test, v.Notices)
			}
			if train, scored := labelCounts(v.Train), labelCounts(v.Scored); !slices.Equal(train, c.train) || !slices.Equal(scored, c.scored) {
				t.Errorf("%v to train on and %v to score, want %v and %v", train, scored, c.train, c.scored)
			}
		})
	}
}

// An error names the setting.
func TestDivideErrors(t *testing.T) {
	for name, c := range map[string]struct {
		val  Val
		data Data
	}{
		"no test set":     {Val{Test: true}, Data{Train: sized(3, 3)}},
		"too many":        {Val{Images: 5}, Data{Train: sized(3, 3)}},
		"nothing to hold": {Val{Percent: 50}, Data{Train: sized(1, 1)}},
	} {
		if v, err := Divide(&c.data, c.val, 0); err == nil || !strings.HasPrefix(err.Error(), "val: ") {
			t.Errorf("%s: %+v, %v", name, v, err)
		}
	}
}

func TestHoldoutShareRounds(t *testing.T) {
	train, val, err := HoldoutShare(sized(1, 2, 3, 7, 8, 13, 12), 20, 0)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := labelCounts(val), []int{0, 1, 1, 1, 2, 3, 2}; !slices.Equal(got, want) {
		t.Errorf("%v held out, want %v (%v stay)", got, want, labelCounts(train))
	}
}
