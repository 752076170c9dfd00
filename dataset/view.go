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
// in val in proportion to its size. Both keep the source's order. It is an error unless 0 < n < N.
func Holdout(s Source, n int, seed uint64) (train, val View, err error) {
	all := s.Len()
	if n <= 0 || n >= all {
		return View{}, View{}, fmt.Errorf("cannot hold %s of %s images out: give a number from 1 to %s",
			humanize.Comma(int64(n)), humanize.Comma(int64(all)), humanize.Comma(int64(all-1)))
	}
	var classes [][]int // positions by label
	for i := range all {
		label := int(s.Label(i))
		for len(classes) <= label {
			classes = append(classes, nil)
		}
		classes[label] = append(classes[label], i)
	}
	stream := rng.New(seed, rng.Holdout, 0)
	held := make([]bool, all)
	for label, share := range shares(n, all, classes) {
		order := stream.Split(uint64(label)).Perm(len(classes[label]))
		for _, k := range order[:share] {
			held[classes[label][k]] = true
		}
	}
	trainIndex, valIndex := make([]int, 0, all-n), make([]int, 0, n)
	for i, h := range held {
		if h {
			valIndex = append(valIndex, i)
		} else {
			trainIndex = append(trainIndex, i)
		}
	}
	return Subset(s, trainIndex), Subset(s, valIndex), nil
}

// shares divides n among classes in proportion to their sizes, which add up to total, by
// largest remainders; of equal remainders the lower class is served first.
func shares(n, total int, classes [][]int) []int {
	count := make([]int, len(classes))
	byRemainder := make([]int, len(classes))
	left := n
	for c, members := range classes {
		count[c] = n * len(members) / total
		left -= count[c]
		byRemainder[c] = c
	}
	remainder := func(c int) int { return n * len(classes[c]) % total }
	slices.SortStableFunc(byRemainder, func(a, b int) int { return remainder(b) - remainder(a) })
	for _, c := range byRemainder[:left] {
		count[c]++
	}
	return count
}
