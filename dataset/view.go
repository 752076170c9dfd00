package dataset

import (
	"context"
	"fmt"
	"slices"

	"github.com/dustin/go-humanize"

	"vggtrain/internal/rng"
)

// View is a selection of a source's images, in the order of Index.
type View struct {
	Source
	Index []int
}

// Len returns the number of positions.
func (v View) Len() int { return len(v.Index) }

// Label returns the class of the view's image i, an index of Data.Classes.
func (v View) Label(i int) int32 { return v.Source.Label(v.Index[i]) }

// Image reads the view's image i.
func (v View) Image(ctx context.Context, i int, p *Pixels) error {
	return v.Source.Image(ctx, v.Index[i], p)
}

// Bytes returns the size of the whole source: a view keeps it in memory.
func (v View) Bytes() int64 { return Bytes(v.Source) }

// viewed returns the source that a view is of, and the position in it of the view's image i.
func viewed(s Source, i int) (Source, int) {
	for {
		v, ok := s.(View)
		if !ok {
			return s, i
		}
		s, i = v.Source, v.Index[i]
	}
}

// Head returns a view of the first n images, or the source itself if it has at most n.
func Head(s Source, n int) Source {
	if n >= s.Len() {
		return s
	}
	index := make([]int, max(n, 0))
	for i := range index {
		index[i] = i
	}
	return Subset(s, index)
}

// Subset returns a view of the images at the given positions, in the order given.
func Subset(s Source, index []int) View {
	v, ok := s.(View)
	if !ok {
		return View{s, index}
	}
	through := make([]int, len(index))
	for i, k := range index {
		through[i] = v.Index[k]
	}
	return View{v.Source, through}
}

// Holdout splits a source into val, n images drawn by the seed, and train, the others. Each class is
// in val in proportion to its size, but keeps one image in train. Both keep the source's order. It is
// an error unless there is an image for both.
func Holdout(s Source, n int, seed uint64) (train, val View, err error) {
	classes := byClass(s)
	most := s.Len()
	for _, members := range classes {
		most -= min(len(members), 1)
	}
	if n <= 0 || n > most {
		advice := "give a number from 1 to " + humanize.Comma(int64(most))
		if most == 0 {
			advice = "each class has only one"
		}
		return View{}, View{}, fmt.Errorf("cannot hold %s of %s images out, as each class keeps one: %s",
			humanize.Comma(int64(n)), humanize.Comma(int64(s.Len())), advice)
	}
	train, val = holdout(s, classes, shares(n, s.Len(), classes), seed)
	return train, val, nil
}

// HoldoutShare is like Holdout, but val has the given percentage of each class of at least two
// images, rounded, and at least one. It is an error if no class has two.
func HoldoutShare(s Source, percent int, seed uint64) (train, val View, err error) {
	classes := byClass(s)
	counts := make([]int, len(classes))
	held := 0
	for c, members := range classes {
		n := len(members)
		counts[c] = min(max((n*percent+50)/100, 1), max(n-1, 0))
		held += counts[c]
	}
	if held == 0 {
		return View{}, View{}, fmt.Errorf("cannot hold %d %% of %s images out, as each class keeps one: no class has two",
			percent, humanize.Comma(int64(s.Len())))
	}
	train, val = holdout(s, classes, counts, seed)
	return train, val, nil
}

// PerClass returns the number of images of each class, for labels below classes.
func PerClass(s Source, classes int) []int {
	counts := make([]int, classes)
	for i := range s.Len() {
		counts[s.Label(i)]++
	}
	return counts
}

// byClass returns the positions of the images of each label.
func byClass(s Source) [][]int {
	var classes [][]int
	for i := range s.Len() {
		label := int(s.Label(i))
		for len(classes) <= label {
			classes = append(classes, nil)
		}
		classes[label] = append(classes[label], i)
	}
	return classes
}

// holdout draws as many positions of each class as counts says into val.
func holdout(s Source, classes [][]int, counts []int, seed uint64) (train, val View) {
	stream := rng.New(seed, rng.Holdout, 0)
	held := make([]bool, s.Len())
	for label, count := range counts {
		order := stream.Split(uint64(label)).Perm(len(classes[label]))
		for _, k := range order[:count] {
			held[classes[label][k]] = true
		}
	}
	var trainIndex, valIndex []int
	for i, h := range held {
		if h {
			valIndex = append(valIndex, i)
		} else {
			trainIndex = append(trainIndex, i)
		}
	}
	return Subset(s, trainIndex), Subset(s, valIndex)
}

// shares divides n among classes in proportion to their sizes, which add up to total, by
// largest remainders; of equal remainders the lower class is served first. A class keeps one image:
// what it cannot give is asked of the others in the same order.
func shares(n, total int, classes [][]int) []int {
	count := make([]int, len(classes))
	byRemainder := make([]int, len(classes))
	left := n
	most := func(c int) int { return max(len(classes[c])-1, 0) }
	for c, members := range classes {
		count[c] = min(n*len(members)/total, most(c))
		left -= count[c]
		byRemainder[c] = c
	}
	remainder := func(c int) int { return n * len(classes[c]) % total }
	slices.SortStableFunc(byRemainder, func(a, b int) int { return remainder(b) - remainder(a) })
	for left > 0 {
		for _, c := range byRemainder {
			if left > 0 && count[c] < most(c) {
				count[c]++
				left--
			}
		}
	}
	return count
}
