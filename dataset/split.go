package dataset

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/dustin/go-humanize"

	"vggtrain/internal/display"
)

// Val says which images are scored after each epoch. The zero value decides by the data.
type Val struct {
	Test    bool // the test set
	Images  int  // number of images held out of train
	Percent int  // share of each class held out of train, 1 to 99
}

// autoPercent is what Val's zero value holds out.
const autoPercent = 20

// maxHeldOut bounds Val.Images.
const maxHeldOut = 1_000_000_000

// ParseVal reads auto, test, N or N%.
func ParseVal(s string) (v Val, err error) {
	percent, share := strings.CutSuffix(s, "%")
	switch n, failed := strconv.Atoi(percent); {
	case s == "auto":
	case s == "test":
		v.Test = true
	case failed == nil && share && n >= 1 && n <= 99:
		v.Percent = n
	case failed == nil && !share && n >= 1 && n <= maxHeldOut:
		v.Images = n
	default:
		err = fmt.Errorf("must be auto, test, a whole number from 1 to %d or a share from 1%% to 99%%, not %s", maxHeldOut, display.Word(s))
	}
	return v, err
}

// String is the inverse of ParseVal.
func (v Val) String() string {
	switch {
	case v.Test:
		return "test"
	case v.Images > 0:
		return strconv.Itoa(v.Images)
	case v.Percent > 0:
		return strconv.Itoa(v.Percent) + "%"
	}
	return "auto"
}

// Division is what a run does with a data set's images.
type Division struct {
	Train   Source
	Scored  Source // after each epoch: the best weights are chosen by it
	Test    Source // scored once, at the end; nil: no test set, or Scored is it
	Split   string // of Scored: val, test or train
	How     string // Scored, for people: "the test set", "20 % held out of train"
	Notices []string
}

// Divide divides the data. The zero Val scores the val set if there is one, else the test set of
// Fashion-MNIST's own files, else a fifth of train. The images held out of train are drawn by class
// and by the seed; a class keeps at least one. It is an error if nothing is left to train on or to
// score.
func Divide(d *Data, val Val, seed uint64) (*Division, error) {
	v := &Division{Train: d.Train, Test: some(d.Test)}
	own := some(d.Val)
	switch {
	case val.Test && v.Test == nil:
		return nil, fmt.Errorf("val: %s has no test set: give --val 20%% to hold images out of train", display.Name(d.Origin))
	case val.Test, val == Val{} && own == nil && d.Garments() && v.Test != nil:
		v.scoreTest()
	case val == Val{} && own != nil:
		v.Scored, v.Split, v.How = own, "val", "the val set"
		return v, nil
	case val == Val{}:
		v.holdOutOrNot(d, seed)
	default:
		if err := v.holdOut(val, seed); err != nil {
			return nil, fmt.Errorf("val: %w", err)
		}
	}
	if own != nil {
		v.Notices = append(v.Notices, fmt.Sprintf("the val set's %s are not used: --val %v scores %s", display.Count(own.Len(), "image"), val, v.How))
	}
	return v, nil
}

// some returns a source, or nil if it has no images.
func some(s Source) Source {
	if s == nil || s.Len() == 0 {
		return nil
	}
	return s
}

func (v *Division) scoreTest() {
	v.Scored, v.Test, v.Split, v.How = v.Test, nil, "test", "the test set"
}

// holdOut holds out a number of images, or a share of each class.
func (v *Division) holdOut(val Val, seed uint64) error {
	hold, how := Holdout, humanize.Comma(int64(val.Images))
	n := val.Images
	if val.Percent > 0 {
		hold, n, how = HoldoutShare, val.Percent, fmt.Sprintf("%d %%", val.Percent)
	}
	train, held, err := hold(v.Train, n, seed)
	if err != nil {
		return err
	}
	v.Train, v.Scored, v.Split, v.How = train, held, "val", how+" held out of train"
	return nil
}

// holdOutOrNot holds out a fifth of train. If a class has one image, that class would be scored or
// trained, not both: the test set is scored instead, or train itself.
func (v *Division) holdOutOrNot(d *Data, seed uint64) {
	why := "no class has two"
	if lone := slices.IndexFunc(byClass(v.Train), func(members []int) bool { return len(members) == 1 }); lone >= 0 {
		why = fmt.Sprintf("%s has only one", display.Quote(d.Classes[lone]))
	} else if v.holdOut(Val{Percent: autoPercent}, seed) == nil {
		return
	}
	v.Scored, v.Split, v.How = v.Train, "train", "train itself"
	consequence := "train itself is scored, which says nothing of other images"
	if v.Test != nil {
		v.scoreTest()
		consequence = "the test set is scored after each epoch, and chooses the best weights"
	}
	v.Notices = append(v.Notices, fmt.Sprintf("no training images are held out, since %s: %s", why, consequence))
}
