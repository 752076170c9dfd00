package dataset

import (
	"fmt"
	"slices"

	"github.com/dustin/go-humanize"

	"vggtrain/internal/rng"
)

// Head returns the first n images, or the set itself where it has no more than n. It shares
// the set's memory.
func (s *Set) Head(n int) *Set {
	n = min(max(n, 0), s.N)
	return &Set{
		Images: s.Images[:n*s.Rows*s.Cols], Labels: s.Labels[:n],
		N: n, Rows: s.Rows, Cols: s.Cols,
	}
}

// Subset returns a copy of the images at the given positions, in the order given.
func (s *Set) Subset(index []int) *Set {
	size := s.Rows * s.Cols
	sub := &Set{
		Images: make([]byte, 0, len(index)*size), Labels: make([]byte, 0, len(index)),
		N: len(index), Rows: s.Rows, Cols: s.Cols,
	}
	for _, i := range index {
		sub.Images = append(sub.Images, s.Image(i)...)
		sub.Labels = append(sub.Labels, s.Labels[i])
	}
	return sub
}

// Holdout splits the set into val, n images drawn by the seed, of each class its share, and
// train, all the others. Both keep the set's order. It is an error unless 0 < n < s.N.
func (s *Set) Holdout(n int, seed uint64) (train, val *Set, err error) {
	if n <= 0 || n >= s.N {
		return nil, nil, fmt.Errorf("cannot hold %s of %s images out: give a number from 1 to %s",
			humanize.Comma(int64(n)), humanize.Comma(int64(s.N)), humanize.Comma(int64(s.N-1)))
	}
	classes := make([][]int, 256) // positions by label
	for i, label := range s.Labels {
		classes[label] = append(classes[label], i)
	}
	stream := rng.New(seed, rng.Holdout, 0)
	held := make([]bool, s.N)
	for label, share := range shares(n, s.N, classes) {
		order := stream.Split(uint64(label)).Perm(len(classes[label]))
		for _, k := range order[:share] {
			held[classes[label][k]] = true
		}
	}
	trainIndex, valIndex := make([]int, 0, s.N-n), make([]int, 0, n)
	for i, h := range held {
		if h {
			valIndex = append(valIndex, i)
		} else {
			trainIndex = append(trainIndex, i)
		}
	}
	return s.Subset(trainIndex), s.Subset(valIndex), nil
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
