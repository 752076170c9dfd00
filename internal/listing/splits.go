package listing

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/dustin/go-humanize"

	"vggtrain/internal/display"
)

// MaxClasses bounds the classes of a set.
const MaxClasses = 1 << 16

// split is one of the three sets.
type split int

const (
	noSplit split = iota - 1
	train
	val
	test
	splits
)

// splitNames are what folders and lists call the splits, in lower case.
var splitNames = map[string]split{"train": train, "val": val, "valid": val, "validation": val, "test": test}

// splitOf returns the split of a name, or noSplit.
func splitOf(name string) split {
	if s, ok := splitNames[strings.ToLower(name)]; ok {
		return s
	}
	return noSplit
}

// group is the pictures of a class in a split. where names the folder or the line that it comes from,
// for messages.
type group struct {
	where string
	names []string
}

// groups are the classes of a split, by ClassKey.
type groups map[string]*group

// add returns the group of a class.
func (g groups) add(class, where string) *group {
	key := ClassKey(class)
	if g[key] == nil {
		g[key] = &group{where: where}
	}
	return g[key]
}

// ErrNoClasses is the error of data without two classes that have pictures.
var ErrNoClasses = errors.New("no classes")

// noClasses is an ErrNoClasses in words of its own.
type noClasses string

func (n noClasses) Error() string   { return string(n) }
func (noClasses) Is(err error) bool { return err == ErrNoClasses }

// assemble makes the list of what was found. where names the data in messages, and holds says what is
// there if no picture is.
func assemble(found [splits]groups, where string, holds func() string) (*List, error) {
	l := &List{}
	for class, g := range found[train] {
		if len(g.names) > 0 {
			l.Classes = append(l.Classes, class)
		}
	}
	slices.Sort(l.Classes)
	for s := val; s < splits; s++ {
		if err := checkClasses(found[s], found[train], l.Classes); err != nil {
			return nil, err
		}
	}
	switch len(l.Classes) {
	case 0:
		return nil, noClasses(fmt.Sprintf("%s: no pictures of classes: %s", where, holds()))
	case 1:
		return nil, noClasses(fmt.Sprintf("%s: only one class has pictures, %s: there must be two or more; %s", where, display.Name(l.Classes[0]), holds()))
	}
	l.noteEmpty(found)
	for s, items := range []*[]Item{&l.Train, &l.Val, &l.Test} {
		*items = inTurn(l.Classes, found[s])
	}
	return l, nil
}

// checkClasses finds a class of val or test that train lacks.
func checkClasses(g, training groups, classes []string) error {
	for _, class := range slices.Sorted(maps.Keys(g)) {
		if len(g[class].names) == 0 {
			continue
		}
		if _, known := slices.BinarySearch(classes, class); known {
			continue
		}
		if t := training[class]; t != nil {
			return fmt.Errorf("%s: a class of which %s has no pictures: put some in, or remove both", g[class].where, t.where)
		}
		if i := slices.IndexFunc(classes, func(c string) bool { return strings.EqualFold(c, class) }); i >= 0 {
			return fmt.Errorf("%s: train calls it %s: the two differ in a letter's case; rename one", g[class].where, display.Name(classes[i]))
		}
		return fmt.Errorf("%s: a class that train does not have: add pictures of it to train, or remove it", g[class].where)
	}
	return nil
}

// noteEmpty gives a notice of classes without any picture.
func (l *List) noteEmpty(found [splits]groups) {
	empty := map[string]string{}
	for _, g := range found {
		for class, of := range g {
			if _, known := slices.BinarySearch(l.Classes, class); !known && empty[class] == "" {
				empty[class] = of.where
			}
		}
	}
	if len(empty) == 0 {
		return
	}
	first := slices.Sorted(maps.Keys(empty))[0]
	l.Notices = append(l.Notices, fmt.Sprintf("%s: no pictures: the class is left out%s", empty[first], among(len(empty), "class", "classes")))
}

// among ends a notice that names the first of n things.
func among(n int, one, many string) string {
	if n == 1 {
		return ""
	}
	return fmt.Sprintf(" (one of %s such %s)", humanize.Comma(int64(n)), many)
}

// inTurn returns the first picture of each class, then the second of each, and so on: the first N
// pictures of a set are of all classes. It is nil if there are none.
func inTurn(classes []string, g groups) []Item {
	type queue struct {
		label int32
		names []string
	}
	var queues []queue // of classes that still have some
	total := 0
	for label, class := range classes {
		if of := g[class]; of != nil && len(of.names) > 0 {
			queues = append(queues, queue{int32(label), of.names})
			total += len(of.names)
		}
	}
	var items []Item
	if total > 0 {
		items = make([]Item, 0, total)
	}
	for len(queues) > 0 {
		left := queues[:0]
		for _, q := range queues {
			items = append(items, Item{q.names[0], q.label})
			if q.names = q.names[1:]; len(q.names) > 0 {
				left = append(left, q)
			}
		}
		queues = left
	}
	return items
}
