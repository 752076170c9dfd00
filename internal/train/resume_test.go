package train

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vggtrain/checkpoint"
	"vggtrain/configs"
	"vggtrain/internal/runstate"
	"vggtrain/internal/trained"
)

// Keys of a checkpoint's metadata, as docs/checkpoint.md has them.
const (
	keyProgress = "vggtrain.progress"
	keySettings = "vggtrain.settings"
)

// resume prepares to go on with a job's run, in its folder, with settings changed.
func resume(t *testing.T, job *Job, threads int, pairs ...string) *Job {
	t.Helper()
	c, err := runstate.LoadCheckpoint(job.Checkpoint)
	if err != nil {
		t.Fatal(err)
	}
	var flags configs.Recipe
	for _, pair := range pairs {
		key, value, _ := strings.Cut(pair, "=")
		if err := flags.Set(key, value, configs.FromFlag); err != nil {
			t.Fatal(err)
		}
	}
	recipe, err := flags.Resume(c.Settings)
	if err != nil {
		t.Fatal(err)
	}
	again, err := Resume(t.Context(), c, recipe, sample(t), newWorkers(t, threads))
	if err != nil {
		t.Fatal(err)
	}
	again.Checkpoint, again.Best = job.Checkpoint, job.Best
	return again
}

// interrupted runs a job up to a step.
func interrupted(t *testing.T, job *Job, step int) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	result, err := Run(ctx, job, &stopper{recorder{log: new([]string)}, step, cancel})
	if err != nil || result.Status != Interrupted {
		t.Fatal(result.Status, err)
	}
}

// sameState compares what two files hold, but for what a clock has told and, with other
// settings, those.
func sameState(t *testing.T, want, got string, otherSettings bool) {
	t.Helper()
	states := [2]*checkpoint.State{}
	for i, path := range []string{want, got} {
		s, err := checkpoint.Read(path)
		if err != nil {
			t.Fatal(err)
		}
		if text, ok := s.Metadata[keyProgress]; ok {
			p, err := runstate.DecodeProgress(text, 10)
			if err != nil {
				t.Fatal(err)
			}
			p.EpochSeconds, p.TrainSeconds, p.Seconds = 0, 0, 0
			for k := range p.History {
				p.History[k].Seconds, p.History[k].ImagesPerSecond = 0, 0
			}
			if s.Metadata[keyProgress], err = p.Encode(); err != nil {
				t.Fatal(err)
			}
		}
		delete(s.Metadata, "vggtrain.sources") // flags may give what was a default
		if otherSettings {
			delete(s.Metadata, keySettings)
		}
		states[i] = s
	}
	if diff := cmp.Diff(states[0].Metadata, states[1].Metadata); diff != "" {
		t.Errorf("%s (-whole +resumed):\n%s", got, diff)
	}
	for i, tensor := range states[0].Tensors {
		other := states[1].Tensors[i]
		if other.Name != tensor.Name || !slices.Equal(other.Data, tensor.Data) {
			t.Errorf("%s: %s differs", got, tensor.Name)
		}
	}
}

func TestResumeGivesTheSameBits(t *testing.T) {
	whole := prepare(t, newWorkers(t, 2), everything...)
	mustRun(t, whole)
	for _, at := range []int{1, 3, 4, 5, 7, 8} { // of 8 steps, 4 an epoch
		for _, threads := range []int{1, 2} {
			t.Run(fmt.Sprintf("step %d, %d threads", at, threads), func(t *testing.T) {
				job := prepare(t, newWorkers(t, 3-threads), everything...)
				interrupted(t, job, at)
				result := mustRun(t, resume(t, job, threads))
				if result.Status != Done || result.StepsDone != 8 || result.EpochsDone != 2 || result.Incomplete != nil {
					t.Errorf("%+v", result)
				}
				sameState(t, whole.Checkpoint, job.Checkpoint, false)
				sameState(t, whole.Best, job.Best, false)
			})
		}
	}
}

func TestResumeWithMoreEpochs(t *testing.T) {
	constant := append(slices.Clone(everything), "schedule=constant")
	whole := prepare(t, newWorkers(t, 1), append(constant, "epochs=4")...)
	mustRun(t, whole)
	job := prepare(t, newWorkers(t, 1), constant...)
	mustRun(t, job)
	result := mustRun(t, resume(t, job, 1, "epochs=4"))
	if result.Status != Done || result.EpochsDone != 4 {
		t.Errorf("%+v", result)
	}
	sameState(t, whole.Checkpoint, job.Checkpoint, false)
	sameState(t, whole.Best, job.Best, true)
}

// A run that max-steps has cut goes on as if it had not been, once it may.
func TestResumeAfterMaxSteps(t *testing.T) {
	whole := prepare(t, newWorkers(t, 1), everything...)
	mustRun(t, whole)
	for _, at := range []string{"2", "4", "6"} {
		job := prepare(t, newWorkers(t, 1), append(everything, "max-steps="+at)...)
		mustRun(t, job)
		again := resume(t, job, 1)
		log := []string{}
		seen := &recorder{log: &log}
		if result := mustRun(t, again, seen); result.Status != Done || len(seen.steps) != 0 || len(seen.notices) != 1 || !strings.Contains(seen.notices[0], "finished") {
			t.Errorf("a finished run: %s, %d steps, notices %q", result.Status, len(seen.steps), seen.notices)
		}
		mustRun(t, resume(t, job, 1, "max-steps=off"))
		sameState(t, whole.Checkpoint, job.Checkpoint, false)
		sameState(t, whole.Best, job.Best, true)
	}
}

// first looks at the checkpoint when the observers begin, which cut what comes after it.
type first struct {
	recorder
	path string
	seen *runstate.Checkpoint
}

func (f *first) Begin(Plan) (err error) {
	f.seen, err = runstate.LoadCheckpoint(f.path)
	return err
}

// Before any record is cut, the checkpoint is that of the run that goes on: with its new settings,
// and within the epoch that was cut.
func TestResumeSavesFirst(t *testing.T) {
	for _, c := range []struct{ before, after string }{
		{"max-time=1ns", "max-time=1ns"}, // cut after a step, and goes on as it is
		{"max-steps=4", "max-steps=7"},   // at the end of an epoch
	} {
		job := prepare(t, newWorkers(t, 1), append(everything, c.before)...)
		mustRun(t, job)
		seen := &first{recorder: recorder{log: new([]string)}, path: job.Checkpoint}
		mustRun(t, resume(t, job, 1, c.after), seen)
		key, value, _ := strings.Cut(c.after, "=")
		if got := seen.seen.Settings.Text(key); got != value {
			t.Errorf("%s: %s is %s in the checkpoint", c.after, key, got)
		}
		if p := seen.seen.Progress; p.Step == 0 || p.Partial || len(p.History) != p.Epoch-1 {
			t.Errorf("%s: %+v", c.after, p)
		}
	}
}

func TestResumeNotices(t *testing.T) {
	job := prepare(t, newWorkers(t, 1), everything...)
	interrupted(t, job, 5)
	again := resume(t, job, 1, "epochs=3")
	again.resumed.Kernel = "abacus"
	log := []string{}
	seen := &recorder{log: &log}
	mustRun(t, again, seen)
	for i, want := range []string{"trained by abacus kernels", "cosine schedule now spans 3 epochs, not 2"} {
		if len(seen.notices) != 2 || !strings.Contains(seen.notices[i], want) {
			t.Errorf("notices %q, want %q", seen.notices, want)
		}
	}
}

// A run that was killed between its checkpoint and best.bin has best.bin when it is resumed.
func TestResumeMendsBest(t *testing.T) {
	whole := prepare(t, newWorkers(t, 1), everything...)
	mustRun(t, whole)
	job := prepare(t, newWorkers(t, 1), everything...)
	job.Best += ".gone" // the run's own never appears
	interrupted(t, job, 5)
	job.Best = strings.TrimSuffix(job.Best, ".gone")
	log := []string{}
	seen := &recorder{log: &log}
	again := resume(t, job, 1)
	mustRun(t, again, seen)
	if len(seen.notices) != 1 || !strings.Contains(seen.notices[0], "does not hold the weights of the best epoch, 1") {
		t.Errorf("in the middle of epoch 2: notices %q", seen.notices)
	}

	job = prepare(t, newWorkers(t, 1), append(everything, "epochs=1", "schedule=constant")...)
	result := mustRun(t, job)
	want, err := trained.Load(job.Best)
	if err != nil {
		t.Fatal(err)
	}
	job.Best += ".new"
	if result = mustRun(t, resume(t, job, 1)); result.Best != job.Best {
		t.Errorf("best %q, want %q", result.Best, job.Best)
	}
	got, err := trained.Load(job.Best)
	if err != nil {
		t.Fatal(err)
	}
	for i, p := range want.Params {
		if !slices.Equal(p.Data, got.Params[i].Data) {
			t.Errorf("%s differs", p.Name)
		}
	}
}

// A file from before slots had names holds the momentum of NAME as optimizer/NAME.
func TestResumeOlderFile(t *testing.T) {
	job := prepare(t, newWorkers(t, 1), everything...)
	interrupted(t, job, 6)
	state, err := checkpoint.Read(job.Checkpoint)
	if err != nil {
		t.Fatal(err)
	}
	renamed := 0
	for i, tensor := range state.Tensors {
		if rest, ok := strings.CutPrefix(tensor.Name, "optimizer/momentum/"); ok {
			state.Tensors[i].Name = "optimizer/" + rest
			renamed++
		}
	}
	older := *job
	older.Checkpoint += ".older"
	if err := checkpoint.Write(older.Checkpoint, state); err != nil || renamed != len(job.Params) {
		t.Fatalf("%d of %d momenta renamed: %v", renamed, len(job.Params), err)
	}
	for _, j := range []*Job{job, &older} {
		mustRun(t, resume(t, j, 1))
	}
	sameState(t, job.Checkpoint, older.Checkpoint, false)
}

func TestResumeRefuses(t *testing.T) {
	job := prepare(t, newWorkers(t, 1), everything...)
	interrupted(t, job, 6)
	replace := func(key, old, new string) func(*checkpoint.State) {
		return func(s *checkpoint.State) {
			if !strings.Contains(s.Metadata[key], old) {
				t.Fatalf("%s has no %q: %s", key, old, s.Metadata[key])
			}
			s.Metadata[key] = strings.Replace(s.Metadata[key], old, new, 1)
		}
	}
	for name, c := range map[string]struct {
		change func(*checkpoint.State)
		want   string
	}{
		"weights only":    {func(s *checkpoint.State) { delete(s.Metadata, keyProgress) }, "weights only"},
		"settings":        {replace(keySettings, "batch-size: 32", "batch-size: -1"), "batch-size"},
		"unknown setting": {replace(keySettings, "batch-size: 32", "batch-sise: 32"), "batch-sise"},
		"another side":    {replace(keySettings, "resize: 8", "resize: 16"), "contradict"},
		"data":            {replace(trained.KeyDigest, "", "x"), "64 hexadecimal"},
		"other data":      {func(s *checkpoint.State) { s.Metadata[trained.KeyDigest] = strings.Repeat("0", 64) }, "changed since the run began"},
		"not JSON":        {replace(keyProgress, "{", "["), keyProgress},
		"unknown field":   {replace(keyProgress, `"step"`, `"stride"`), "stride"},
		"two documents":   {replace(keyProgress, `"dead":false}`, `"dead":false}{}`), "more than one"},
		"step":            {replace(keyProgress, `"step":6`, `"step":5`), "step 5 cannot be"},
		"negative step":   {replace(keyProgress, `"step":6`, `"step":-6`), "step -6 cannot be"},
		"huge epoch":      {replace(keyProgress, `"epoch":2`, `"epoch":9223372036854775807`), "cannot be"},
		"huge batch":      {replace(keyProgress, `"batch":2`, `"batch":9223372036854775807`), "cannot be"},
		"images":          {replace(keyProgress, `"images":64`, `"images":65`), "65 images"},
		"all images":      {replace(keyProgress, `"train_images":164`, `"train_images":165`), "165 of all"},
		"cut":             {replace(keyProgress, `"cut":false`, `"cut":true`), "history"},
		"history":         {replace(keyProgress, `"history":[{"epoch":1`, `"history":[{"epoch":2`), "in the place of"},
		"no history":      {func(s *checkpoint.State) { cutOut(s.Metadata, keyProgress, `"history":[`, `]`) }, "history of 0"},
		"best epoch":      {replace(keyProgress, `"best_epoch":1`, `"best_epoch":7`), "best epoch"},
		"negative time":   {replace(keyProgress, `"loss_sum":`, `"loss_sum":-`), "below 0"},
		"no momentum":     {func(s *checkpoint.State) { s.Tensors = s.Weights() }, "optimizer/momentum/"},
		"other state": {func(s *checkpoint.State) {
			s.Tensors = append(s.Tensors, checkpoint.Tensor{Name: "optimizer/momentum/x"})
			s.Tensors[len(s.Tensors)-1].Data = []float32{1}
		}, "tensors of the optimiser"},
		"momentum of shape": {func(s *checkpoint.State) { s.Tensor("optimizer/momentum/features.0.bias").Shape = []int{2, 2} }, `shape of "features.0.bias"`},
	} {
		t.Run(name, func(t *testing.T) {
			state, err := checkpoint.Read(job.Checkpoint)
			if err != nil {
				t.Fatal(err)
			}
			c.change(state)
			path := job.Checkpoint + ".changed"
			if err := checkpoint.Write(path, state); err != nil {
				t.Fatal(err)
			}
			read, err := runstate.LoadCheckpoint(path)
			if err == nil {
				_, err = Resume(t.Context(), read, read.Settings, sample(t), job.Workers)
			}
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("error %v, want one line with %q", err, c.want)
			}
		})
	}
}

// cutOut takes away what stands in a text between two marks.
func cutOut(m map[string]string, key, from, to string) {
	before, rest, _ := strings.Cut(m[key], from)
	_, after, _ := strings.Cut(rest, to)
	maps.Copy(m, map[string]string{key: before + from + to + after})
}
