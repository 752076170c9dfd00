package dataset

import (
	"bytes"
	"context"
	"encoding/hex"
	"math"
	"os"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const debianFolder = "/usr/share/datasets/fashion-mnist"

// openSample returns the built-in sample.
func openSample(t testing.TB) *Data {
	t.Helper()
	data, err := Sample()
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// openReal returns the published data where Debian's package has installed it.
func openReal(t testing.TB) *Data {
	t.Helper()
	if _, err := os.Stat(debianFolder); err != nil {
		t.Skipf("the real Fashion-MNIST is not here (%v): apt-get install dataset-fashion-mnist", err)
	}
	data, err := loadReal()
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// loadReal reads the published data once for all tests.
var loadReal = sync.OnceValues(func() (*Data, error) {
	return Open(context.Background(), OpenOptions{Spec: debianFolder})
})

// inMemory returns the set that a source is.
func inMemory(t testing.TB, s Source) *Set {
	t.Helper()
	set, ok := s.(*Set)
	if !ok {
		t.Fatalf("a %T, not a *Set", s)
	}
	return set
}

func countLabels(s Source) []int {
	counts := make([]int, len(Classes))
	for i := range s.Len() {
		counts[s.Label(i)]++
	}
	return counts
}

func TestSample(t *testing.T) {
	data := openSample(t)
	train, test := inMemory(t, data.Train), inMemory(t, data.Test)
	type facts struct {
		Kind, Origin               string
		Train, Test, Rows, Cols    int
		TrainPixels, TestPixels    int
		TrainPerClass, TestPerClas []int
	}
	got := facts{
		data.Kind, data.Origin, train.Len(), test.Len(), train.Rows, train.Cols,
		len(train.Images), len(test.Images), countLabels(train), countLabels(test),
	}
	even := func(n int) (counts []int) {
		for range Classes {
			counts = append(counts, n)
		}
		return counts
	}
	want := facts{"sample", "built-in sample", 5000, 1000, 28, 28, 5000 * 784, 1000 * 784, even(500), even(100)}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	// Runs on the sample are compared by this digest: it changes only with the sample.
	const digest = "fba3876d6c396a1ae591f8c17cb0e1a00d4c529549ffec7b52ac7dfa1ca9f50e"
	if got := hex.EncodeToString(data.Digest[:]); got != digest {
		t.Errorf("digest %s, want %s", got, digest)
	}
}

// Every image of the sample is one of the published images, with its label, in their order.
func TestSampleIsReal(t *testing.T) {
	published, sample := openReal(t), openSample(t)
	for _, pair := range []struct {
		name        string
		all, sample Source
	}{{"train", published.Train, sample.Train}, {"test", published.Test, sample.Test}} {
		all, sample, i := inMemory(t, pair.all), inMemory(t, pair.sample), 0
		for k := range sample.Len() {
			for i < all.Len() && (all.Label(i) != sample.Label(k) || !bytes.Equal(all.image(i), sample.image(k))) {
				i++
			}
			if i == all.Len() {
				t.Fatalf("%s: image %d of the sample is not among the published after its predecessor", pair.name, k)
			}
			i++
		}
	}
}

// The published mean and deviation are 0.2860 and 0.3530 (as every Fashion-MNIST example on
// PyTorch has them).
func TestRealData(t *testing.T) {
	data := openReal(t)
	if data.Kind != Published || data.Train.Len() != 60000 || data.Test.Len() != 10000 {
		t.Errorf("kind %s, %d and %d images", data.Kind, data.Train.Len(), data.Test.Len())
	}
	scales, err := Measure(t.Context(), data.Train, Preparation{Garments: true}, 0)
	if err != nil || len(scales) != 1 || math.Abs(scales[0].Mean-0.2860) > 5e-5 || math.Abs(scales[0].Deviation-0.3530) > 5e-5 {
		t.Errorf("%v, %v; want 0.2860 and 0.3530", scales, err)
	}
}
