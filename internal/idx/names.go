package idx

import (
	"cmp"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strings"

	"vggtrain/internal/files"
)

// Set is the pairs of files that belong together by their names.
type Set struct {
	Name        string // what names begin with: "emnist-letters"; "" for MNIST's and Fashion-MNIST's
	Train, Test Pair
}

// Pair are the names of a file of images and of its labels. Both are "" if the set lacks the split.
type Pair struct{ Images, Labels string }

// nameForm is the form of the files' names: train-images-idx3-ubyte.gz, t10k-labels.idx1-ubyte,
// emnist-letters-test-images-idx3-ubyte, qmnist-test-labels-idx2-int.gz.
var nameForm = regexp.MustCompile(`^(?:(.+)-)?(train|t10k|test|test10k|test50k)-(images|labels)([-.])idx[1-3]-[a-z0-9]+(\.gz)?$`)

// IsName reports whether a file's name is of the form of IDX files' names.
func IsName(name string) bool { return nameForm.MatchString(name) }

// Sets returns the sets of files of the given names, sorted by their own names. It is an error if a file
// of a pair is missing. Of a file that is there twice, packed comes before plain, and - before a dot.
func Sets(names []string) ([]Set, error) {
	names = slices.Clone(names)
	slices.SortFunc(names, func(a, b string) int { return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a, b)) })
	byName := map[string]*Set{}
	tests := map[string]string{} // which test split a set has
	for _, name := range names {
		parts := nameForm.FindStringSubmatch(name)
		if parts == nil {
			continue
		}
		set := byName[parts[1]]
		if set == nil {
			set = &Set{Name: parts[1]}
			byName[parts[1]] = set
		}
		pair := &set.Train
		if split := parts[2]; split != "train" {
			if other := tests[set.Name]; other != "" && other != split {
				return nil, fmt.Errorf("%s: a second test set beside %s: keep one", name, cmp.Or(set.Test.Images, set.Test.Labels))
			}
			pair, tests[set.Name] = &set.Test, split
		}
		file := &pair.Images
		if parts[3] == "labels" {
			file = &pair.Labels
		}
		*file = cmp.Or(*file, name)
	}
	var sets []Set
	for _, set := range byName {
		for _, pair := range []Pair{set.Train, set.Test} {
			if err := pair.check(); err != nil {
				return nil, err
			}
		}
		sets = append(sets, *set)
	}
	slices.SortFunc(sets, func(a, b Set) int { return cmp.Compare(a.Name, b.Name) })
	return sets, nil
}

// rank orders the forms of a name.
func rank(name string) int {
	rank := 0
	if !strings.HasSuffix(name, ".gz") {
		rank++
	}
	if strings.Contains(name, ".idx") {
		rank += 2
	}
	return rank
}

// check looks whether a file of the pair is missing.
func (p Pair) check() error {
	switch {
	case p.Images == "" && p.Labels != "":
		return missing(p.Labels, "labels", "images", "idx3-ubyte")
	case p.Images != "" && p.Labels == "":
		labels := "idx1-ubyte"
		if strings.HasPrefix(p.Images, "qmnist-") {
			labels = "idx2-int"
		}
		return missing(p.Images, "images", "labels", labels)
	}
	return nil
}

// missing names the file that belongs to a file of the other kind.
func missing(name, kind, other, end string) error {
	at := strings.LastIndex(name, kind)
	absent := name[:at] + other + name[at+len(kind):][:1] + end
	return fmt.Errorf("%s: %w, neither packed (.gz) nor plain, but %s is there", absent, files.ErrNoFile, name)
}

// ReadFile reads a file of a folder, packed or plain. Errors do not name it.
func ReadFile(folder fs.FS, name string, kind Kind) (*Content, error) {
	file, size, err := files.OpenRegular(folder, name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	content, err := Read(file, size, kind, MaxBytes)
	if err != nil {
		return nil, files.Cause(err)
	}
	return content, nil
}
