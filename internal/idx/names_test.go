package idx

import (
	"errors"
	"io/fs"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSets(t *testing.T) {
	tests := map[string]struct {
		names string
		want  []Set
	}{
		"MNIST's": {"readme.txt train-images-idx3-ubyte.gz train-labels-idx1-ubyte t10k-images-idx3-ubyte t10k-labels-idx1-ubyte.gz",
			[]Set{{"", Pair{"train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte"}, Pair{"t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte.gz"}}}},
		"dots": {"train-images.idx3-ubyte train-labels.idx1-ubyte",
			[]Set{{"", Pair{"train-images.idx3-ubyte", "train-labels.idx1-ubyte"}, Pair{}}}},
		"twice": {"train-images.idx3-ubyte train-images-idx3-ubyte train-images-idx3-ubyte.gz train-labels.idx1-ubyte.gz train-labels-idx1-ubyte",
			[]Set{{"", Pair{"train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte"}, Pair{}}}},
		"EMNIST's, two sets": {"emnist-letters-train-images-idx3-ubyte.gz emnist-letters-train-labels-idx1-ubyte.gz emnist-letters-test-images-idx3-ubyte.gz " +
			"emnist-letters-test-labels-idx1-ubyte.gz emnist-digits-test-images-idx3-ubyte emnist-digits-test-labels-idx1-ubyte emnist-letters-mapping.txt",
			[]Set{{"emnist-digits", Pair{}, Pair{"emnist-digits-test-images-idx3-ubyte", "emnist-digits-test-labels-idx1-ubyte"}},
				{"emnist-letters", Pair{"emnist-letters-train-images-idx3-ubyte.gz", "emnist-letters-train-labels-idx1-ubyte.gz"},
					Pair{"emnist-letters-test-images-idx3-ubyte.gz", "emnist-letters-test-labels-idx1-ubyte.gz"}}}},
		"QMNIST's": {"qmnist-train-images-idx3-ubyte.gz qmnist-train-labels-idx2-int.gz qmnist-test-images-idx3-ubyte qmnist-test-labels-idx2-int",
			[]Set{{"qmnist", Pair{"qmnist-train-images-idx3-ubyte.gz", "qmnist-train-labels-idx2-int.gz"}, Pair{"qmnist-test-images-idx3-ubyte", "qmnist-test-labels-idx2-int"}}}},
		"others": {"cat.png train train.csv xtrain-images-idx3-ubyte train-images-idx3-ubyte.zip", nil},
	}
	for name, test := range tests {
		got, err := Sets(strings.Fields(test.names))
		if diff := cmp.Diff(test.want, got); diff != "" || err != nil {
			t.Errorf("%s: %v (-want +got):\n%s", name, err, diff)
		}
	}
}

func TestSetsErrors(t *testing.T) {
	for names, want := range map[string]string{
		"train-images-idx3-ubyte.gz":                                           "train-labels-idx1-ubyte: no such file, neither packed (.gz) nor plain, but train-images-idx3-ubyte.gz is there",
		"train-labels.idx1-ubyte":                                              "train-images.idx3-ubyte: no such file",
		"qmnist-test-images-idx3-ubyte":                                        "qmnist-test-labels-idx2-int: no such file",
		"labels-test-images-idx3-ubyte":                                        "labels-test-labels-idx1-ubyte: no such file",
		"train-images-idx3-ubyte emnist-train-labels-idx1-ubyte":               "no such file",
		"t10k-images-idx3-ubyte t10k-labels-idx1-ubyte test-labels-idx1-ubyte": "test-labels-idx1-ubyte: a second test set beside t10k-images-idx3-ubyte: keep one",
	} {
		_, err := Sets(strings.Fields(names))
		if err == nil || !strings.Contains(err.Error(), want) || errors.Is(err, fs.ErrNotExist) != strings.Contains(want, "no such") {
			t.Errorf("%s: error %v, want %s", names, err, want)
		}
	}
}
