package terminal

import (
	"strings"
	"time"

	"vggtrain/configs"
	"vggtrain/dataset"
	"vggtrain/internal/pace"
	"vggtrain/internal/record"
	"vggtrain/internal/train"
)

var plan = train.Plan{Facts: record.Facts{
	Arch: "vgg11-small", Params: 17927498, MACs: 45653504, TrainImages: 60000, ValImages: 10000, Scored: "test", ScoredHow: "the test set", BatchSize: 128, Channels: 1, Side: 56,
	Epochs: 10, StepsPerEpoch: 469, Steps: 4690, Settings: fast(), MemoryBytes: 412 << 20, MachineBytes: 16 << 30,
	DataOrigin: "/usr/share/datasets/fashion-mnist", DataKind: dataset.Published, Folder: "runs/new", Threads: 2, Kernel: "avx512",
}}

// fast returns the settings of the recipe of that name, with others over them.
func fast(settings ...string) *configs.Recipe {
	recipe, err := configs.LoadRecipe("fast")
	if err != nil {
		panic(err)
	}
	changed := &configs.Recipe{}
	for _, s := range settings {
		key, value, _ := strings.Cut(s, "=")
		if err := changed.Set(key, value, configs.FromFlag); err != nil {
			panic(err)
		}
	}
	all := changed.Over(recipe).Over(configs.Defaults())
	all.ResolveInput(1, true)
	return all
}

// hand is a clock that is set by hand.
type hand struct{ time time.Time }

func (h *hand) now() time.Time { return h.time }

func (h *hand) pass(seconds float64) {
	h.time = h.time.Add(time.Duration(seconds * float64(time.Second)))
}

// paced is the pace of a run after some more steps, which take the same time each.
func paced(p train.Plan, steps int, seconds float64) *pace.Pace {
	clock := &hand{time.Unix(1e9, 0)}
	begun := pace.New(p, clock.now)
	for step := p.StepsDone + 1; step <= p.StepsDone+steps; step++ {
		clock.pass(seconds)
		begun.AddStep(record.Step{Step: step, Loss: 1, LR: 0.1, Images: p.BatchSize, Seconds: seconds})
	}
	return &begun
}
