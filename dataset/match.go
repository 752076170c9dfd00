package dataset

import (
	"fmt"
	"strconv"

	"vggtrain/internal/display"
	"vggtrain/internal/listing"
)

// Match returns the data with the labels of other classes, matched by name in Unicode's NFC. It is an
// error if a class of the data is not among them, or two of them are the same.
func (d *Data) Match(classes []string) (*Data, error) {
	index := map[string]int32{}
	for i, name := range classes {
		index[listing.ClassKey(name)] = int32(i)
	}
	labels := make([]int32, len(d.Classes))
	from := map[int32]string{} // the class of the data, by label
	for i, name := range d.Classes {
		label, known := index[listing.ClassKey(name)]
		if !known {
			return nil, fmt.Errorf("%s: class %s is none of %s", display.Name(d.Origin), display.Quote(name), listOf(classes))
		}
		if other, twice := from[label]; twice {
			return nil, fmt.Errorf("%s: classes %s and %s have the same name", display.Name(d.Origin), display.Quote(other), display.Quote(name))
		}
		labels[i], from[label] = label, name
	}
	return d.relabelled(classes, labels), nil
}

// MatchNumbers is like Match for data whose classes have numbers for names: each is the label itself.
// It returns nil if one has another name, or is not the index of a class.
func (d *Data) MatchNumbers(classes []string) *Data {
	labels := make([]int32, len(d.Classes))
	for i, name := range d.Classes {
		label, err := strconv.Atoi(name)
		if err != nil || label < 0 || label >= len(classes) {
			return nil
		}
		labels[i] = int32(label)
	}
	return d.relabelled(classes, labels)
}

// relabelled returns the data with labels[l] in the place of label l.
func (d *Data) relabelled(classes []string, labels []int32) *Data {
	other := *d
	other.Classes = classes
	same := true
	for i, label := range labels {
		same = same && int(label) == i
	}
	if same {
		return &other
	}
	for _, s := range other.splits() {
		*s.source = relabelled{*s.source, labels}
	}
	return &other
}

// relabelled is a source under other labels.
type relabelled struct {
	Source
	labels []int32
}

func (r relabelled) Label(i int) int32 { return r.labels[r.Source.Label(i)] }

func (r relabelled) Bytes() int64 { return Bytes(r.Source) }

// listOf lists names, the first ones of many.
func listOf(names []string) string {
	const most = 5
	return display.Some(names[:min(most, len(names))], len(names))
}
