package train

import (
	"slices"
	"testing"
	"time"
	"vggtrain/dataset"
)

// What is asked before a job is made is what its plan says, however the sets are cut.
func TestMemoryIsThatOfThePlan(t *testing.T) {
	workers, data := newWorkers(t, 1), sample(t)
	for _, pairs := range [][]string{nil, everything, {"momentum=0.9"}, {"val=100"}, {"batch-size=64", "limit-train=10", "limit-val=3"}} {
		recipe := settings(t, pairs...)
		before, err := EstimateMemory(recipe, small, data)
		if err != nil {
			t.Fatal(err)
		}
		m, err := prepare(t, workers, pairs...).assemble(time.Now(), nil)
		if err != nil {
			t.Fatal(err)
		}
		m.close()
		if before != m.plan.MemoryBytes {
			t.Errorf("%v: %d bytes, the plan has %d", pairs, before, m.plan.MemoryBytes)
		}
	}
}

// Limits leave all images in memory, wherever they are and whatever else is there.
func TestMemoryOfLimitedSets(t *testing.T) {
	memory := func(data *dataset.Data, pairs ...string) int64 {
		t.Helper()
		bytes, err := EstimateMemory(settings(t, append(pairs, "batch-size=16")...), small, data)
		if err != nil {
			t.Fatal(err)
		}
		return bytes
	}
	whole := memory(sample(t))
	if limited := memory(sample(t), "limit-train=100", "limit-val=50"); limited != whole {
		t.Errorf("%d bytes with limits, %d without", limited, whole)
	}
	data := *sample(t)
	test := *data.Test.(*dataset.Set)
	test.Images = slices.Grow(slices.Clone(test.Images), 1<<20)
	data.Test = &test
	if roomy := memory(&data); roomy != whole {
		t.Errorf("%d bytes of images with room behind them, %d without", roomy, whole)
	}
	data = *sample(t)
	few := *data.Test.(*dataset.Set)
	few.Images, few.Labels = few.Images[:100*28*28], few.Labels[:100]
	data.Test = &few
	if fewer := memory(&data); fewer != whole-int64(len(test.Images))+int64(len(few.Images)) {
		t.Errorf("%d bytes of fewer images, %d of all", fewer, whole)
	}
}
