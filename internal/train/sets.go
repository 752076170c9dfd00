package train

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/dustin/go-humanize/english"

	"vggtrain/configs"
	"vggtrain/dataset"
	"vggtrain/internal/display"
)

// divide returns the sets of a run, by val, limit-train and limit-val, with notices of what may be
// against the user's intention.
func divide(r *configs.Recipe, data *dataset.Data) (*dataset.Division, error) {
	if data.Train == nil || data.Train.Len() == 0 {
		return nil, fmt.Errorf("%s: no images to train on", display.Name(data.Origin))
	}
	sets, err := dataset.Divide(data, r.Val, r.Seed)
	if err != nil {
		return nil, err
	}
	sets.Notices = append(sets.Notices, sizes(data)...)
	for _, limit := range []struct {
		flag    string
		n       int
		set     *dataset.Source
		without string
	}{
		{"limit-train", r.LimitTrain, &sets.Train, "to train on"},
		{"limit-val", r.LimitVal, &sets.Scored, "to score"},
	} {
		if limit.n == 0 {
			continue
		}
		before := dataset.PerClass(*limit.set, len(data.Classes))
		*limit.set = dataset.Head(*limit.set, limit.n)
		if out := leftOut(before, dataset.PerClass(*limit.set, len(data.Classes))); out > 0 {
			sets.Notices = append(sets.Notices, fmt.Sprintf("--%s %d leaves %d of %d classes without an image %s", limit.flag, limit.n, out, len(data.Classes), limit.without))
		}
	}
	if strings.Contains(r.Augment, "flip") && !data.Garments() {
		sets.Notices = append(sets.Notices, "--augment flip mirrors half of the training images: leave it out if left and right matter in them, as in letters and signs")
	}
	return sets, nil
}

// preparation returns what is done to each image, of resolved settings.
func preparation(r *configs.Recipe, data *dataset.Data) dataset.Preparation {
	return dataset.Preparation{Channels: r.Channels, Side: r.Resize, Mode: dataset.Mode(r.ResizeMode), Garments: data.Garments()}
}

// LoadOptions returns how the data of a run are loaded; the functions are left to the caller. What the
// recipe leaves to the data is as Prepare will have it.
func LoadOptions(recipe *configs.Recipe, data *dataset.Data) dataset.LoadOptions {
	r := *recipe
	r.ResolveInput(r.Channels, data.Garments())
	return dataset.LoadOptions{Channels: r.Channels, Side: r.Resize, Mode: dataset.Mode(r.ResizeMode), Seed: r.Seed, Strict: r.Strict}
}

// leftOut returns the number of classes that have images before a limit and none after it.
func leftOut(before, after []int) int {
	out := 0
	for class, n := range before {
		if n > 0 && after[class] == 0 {
			out++
		}
	}
	return out
}

// normalize returns the normalize setting for the images' channels, with notices. It measures the training
// set if the kind is dataset.
func normalize(ctx context.Context, r *configs.Recipe, training dataset.Source, prepare dataset.Preparation) (configs.Normalize, []string, error) {
	n := r.Normalize
	if n.Kind == "dataset" {
		return measure(ctx, r.Seed, training, prepare)
	}
	if n.N > 0 && n.N != r.Channels {
		return n, nil, &configs.SettingError{Key: "normalize", Origin: r.Origin("normalize"), What: fmt.Sprintf("%s is for images of %s, and these have %d: use --normalize dataset, or --channels %d",
			n.Short(), display.Count(n.N, "channel"), r.Channels, n.N)}
	}
	if n.N > 0 {
		n.Kind = "given"
	}
	return n, nil, nil
}

// measure returns the mean and the deviation of each channel that the network sees, with notices. The
// deviation of a channel that has one value is 1.
func measure(ctx context.Context, seed uint64, training dataset.Source, prepare dataset.Preparation) (n configs.Normalize, notices []string, err error) {
	scales, err := dataset.Measure(ctx, training, prepare, seed)
	if err != nil {
		return n, nil, fmt.Errorf("normalize: %w", err)
	}
	var mean, deviation []float64
	for c := range prepare.Channels {
		s := scales[min(c, len(scales)-1)] // grey images have three equal channels
		mean, deviation = append(mean, s.Mean), append(deviation, cmp.Or(s.Deviation, 1))
	}
	if !slices.ContainsFunc(scales, func(s dataset.Scale) bool { return s.Deviation > 0 }) {
		notices = []string{"all pixels of the training set are the same: nothing can be learned"}
		if prepare.Mode == dataset.Crop {
			notices[0] += " of the middle of these images; --resize-mode pad shows all of them"
		}
	}
	return configs.NormalizeBy(mean, deviation), notices, nil
}

const (
	fewImages    = 10  // of a class: too few to learn it by
	unlikeSize   = 100 // times the images of another class
	namedClasses = 5   // by a notice
)

// sizes says which classes have few training images, or many times fewer than another.
func sizes(data *dataset.Data) (list []string) {
	counts := dataset.PerClass(data.Train, len(data.Classes))
	bySize := make([]int, len(counts))
	for class := range bySize {
		bySize[class] = class
	}
	slices.SortStableFunc(bySize, func(a, b int) int { return cmp.Compare(counts[a], counts[b]) })
	var small []string
	for _, class := range bySize {
		if counts[class] < fewImages {
			small = append(small, fmt.Sprintf("%s (%d)", display.Quote(data.Classes[class]), counts[class]))
		}
	}
	if n := len(small); n > 0 {
		if n > namedClasses {
			small = append(small[:namedClasses], fmt.Sprintf("%d more", n-namedClasses))
		}
		list = append(list, fmt.Sprintf("%d of %d classes have under %d training images, too few to be learned well: %s",
			n, len(counts), fewImages, english.WordSeries(small, "and")))
	}
	least, most := bySize[0], bySize[len(bySize)-1]
	if times := counts[most] / max(counts[least], 1); times >= unlikeSize {
		list = append(list, fmt.Sprintf("%s has %s times the training images of %s: the accuracy says little of small classes, each one's recall does",
			display.Quote(data.Classes[most]), display.Comma(times), display.Quote(data.Classes[least])))
	}
	return list
}
