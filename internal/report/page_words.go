package report

import (
	"cmp"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/dustin/go-humanize"

	"vggtrain/configs"
	"vggtrain/dataset"
	"vggtrain/internal/chart"
	"vggtrain/internal/display"
	"vggtrain/internal/memory"
	"vggtrain/internal/pace"
	"vggtrain/internal/page"
	"vggtrain/internal/train"
)

// fill sets the constant parts of the page.
func (p *Page) fill() {
	plan, recipe := p.plan, p.plan.Settings
	p.shown.Network, p.shown.Folder, p.shown.State = plan.Arch, p.dir.Path(), page.Running
	colour := ""
	if plan.Channels == 3 {
		colour = " in colour"
	}
	p.shown.About = fmt.Sprintf("On %s: %s to train on, %s to score, %d×%d pixels%s.",
		dataTitle(plan), display.Count(plan.TrainImages, "image"), p.pictures.set, plan.Side, plan.Side, colour)
	p.shown.Chosen, p.shown.LeftOut, p.shown.Unread = chosenBy(plan), plan.LeftOutFiles, plan.LeftOut
	p.shown.Config, p.shown.Layers = string(recipe.YAML()), layers(p.pictures.network.Layers, plan)
	for _, key := range configs.Keys() {
		origin := recipe.Origin(key.Name)
		source := cmp.Or(origin.First, origin.Source)
		if plan.StepsDone > 0 && origin.Source != "" && origin != configs.FromFlag && origin.First == "" {
			source = "checkpoint" // of a version that did not note it
		}
		p.shown.Settings = append(p.shown.Settings, page.Setting{
			Name: key.Name, Value: p.setting(key.Name), Origin: source, Help: key.Help, Given: source == configs.FromFlag.Source,
		})
	}
	working, err := os.Getwd()
	if err == nil {
		p.shown.WorkingFolder = filepath.Base(working)
	}
	p.places = newPlaces(working, pathsOf(plan, p.dir.Path())...)
	resumed := ""
	if plan.StepsDone > 0 {
		resumed = "resumed after step " + display.Comma(plan.StepsDone)
	}
	p.shown.Environment = []page.Fact{
		{Name: "vggtrain", Value: p.version},
		{Name: "Go", Value: strings.TrimPrefix(runtime.Version(), "go")},
		{Name: "system", Value: runtime.GOOS + "/" + runtime.GOARCH},
		{Name: "processor", Value: display.Count(runtime.NumCPU(), "core"), Note: plan.Kernel + " kernels"},
		{Name: "threads", Value: strconv.Itoa(plan.Threads)},
		{Name: "data", Value: plan.DataOrigin},
		{Name: "folder", Value: cmp.Or(p.shown.WorkingFolder, "–")},
		{Name: "begun", Value: p.pace.Begun.Format("2006-01-02 15:04:05 -07:00"), Note: resumed},
	}
}

// pathsOf are the paths that a run's texts may name.
func pathsOf(plan train.Plan, folder string) []string {
	paths := []string{folder, plan.DataOrigin}
	for _, key := range configs.Keys() {
		origin := plan.Settings.Origin(key.Name)
		paths = append(paths, plan.Settings.Text(key.Name), origin.Source, origin.First)
	}
	return paths
}

// setting returns the text of a setting. For arch it is the network's name, since the recipe may name
// a file; measured values have only significant digits.
func (p *Page) setting(key string) string {
	switch n := p.plan.Settings.Normalize; {
	case key == "arch":
		return p.plan.Arch
	case key == "normalize" && n.Kind == "given":
		return n.Short()
	}
	return cmp.Or(p.plan.Settings.Text(key), "–")
}

// commands returns the useful commands at the run's current state.
func (p *Page) commands() []page.Command {
	again := page.Command{Purpose: "Repeat the run, bit for bit", Line: "vggtrain fit --recipe " + p.word(p.dir.Config())}
	if p.plan.StepsDone > 0 { // it may have begun for fewer epochs, and the schedule may have been another
		again.Purpose = "Begin a run with the same settings"
	}
	commands := []page.Command{again}
	if p.shown.State == page.Diverged {
		commands = append(commands, page.Command{
			Purpose: "Try again with a lower learning rate", Line: fmt.Sprintf("%s --lr %.4g", again.Line, p.lowerLR()),
		})
	} else if next := p.next(); next != "" {
		commands = append(commands, page.Command{Purpose: "Go on with it", Line: next})
	}
	if len(p.history.Epochs) > 0 {
		best, data := p.word(p.dir.Best()), ""
		if p.plan.DataKind == dataset.Published || p.plan.DataKind == dataset.Sampled { // eval finds others by itself
			data = display.Flag("data", p.places.hide(p.plan.Settings.Data), "auto")
		}
		commands = append(commands,
			page.Command{Purpose: "Score its best weights", Line: "vggtrain eval " + best + data},
			page.Command{Purpose: "Use them", Line: "vggtrain predict " + best + " IMAGE.png"})
	}
	return commands
}

// next is the command that goes on with the run: as it was to be, without the limit that has ended
// it, or for twice the epochs if that is allowed; "" for none.
func (p *Page) next() string {
	running := p.shown.State == page.Running
	if !running && p.shown.State != page.Done {
		return p.resume()
	}
	steps := p.pace.Step
	if running {
		steps = p.plan.Epochs * p.plan.StepsPerEpoch
	}
	waited := 0
	if best := p.history.Best(); best != nil {
		waited = len(p.history.Epochs) - best.Epoch
	}
	limit := pace.LimitOf(p.plan.Settings, p.plan.StepsPerEpoch, steps, waited)
	switch {
	case limit != "":
		return p.resume() + limit.Lift()
	case p.plan.Epochs >= configs.MaxEpochs:
		return ""
	}
	return fmt.Sprintf("%s --epochs %d", p.resume(), min(2*p.plan.Epochs, configs.MaxEpochs))
}

// lowerLR is a fourth of the rate at which the training diverged, or of --lr if that is less.
func (p *Page) lowerLR() float64 {
	lr := p.plan.Settings.LR
	if n := len(p.history.Steps); n > 0 && p.history.Steps[n-1].LR > 0 {
		lr = min(lr, p.history.Steps[n-1].LR)
	}
	return lr / 4
}

func (p *Page) resume() string { return "vggtrain fit --resume " + p.word(p.dir.Path()) }

// word is a path as a word of a command.
func (p *Page) word(path string) string { return display.ShellWord(p.places.hide(path)) }

// scoredSet describes the scored set: 1,000 images of the test set.
func scoredSet(p train.Plan) string {
	set := "of " + p.ScoredHow
	if strings.HasSuffix(p.ScoredHow, "held out of train") { // of what share says config.yaml
		set = "held out of the training set"
	}
	return display.Count(p.ValImages, "image") + " " + set
}

// chosenBy says which images chose the epoch of best.bin, and what that means.
func chosenBy(p train.Plan) string {
	text := "best.bin has the weights of the epoch with the best accuracy on "
	switch p.Scored {
	case "test":
		return text + "the test set, which has so been looked at: on new pictures expect a little less."
	case "train":
		return text + "the training images themselves, since nothing could be held out: on other pictures expect less."
	}
	text += "the " + scoredSet(p)
	if p.TestImages > 0 {
		text += fmt.Sprintf("; the test set (%s) is scored once with them, at the end", display.Count(p.TestImages, "image"))
	}
	return text + "."
}

// update sets the parts of the page that change with each step.
func (p *Page) update() {
	h := p.history
	p.shown.Written = p.now()
	h.End = 0
	if p.shown.State == page.Running {
		h.End = p.plan.Steps
	}
	longest := 0.0
	for _, e := range h.Epochs {
		longest = max(longest, e.Seconds)
	}
	p.shown.Reload, p.shown.Stale = reloading(longest)
	p.shown.Curves = &h.Curves
	p.shown.Part, p.shown.Progress = float64(p.pace.Step)/float64(p.plan.Steps), p.progressText()
	p.shown.Headlines, p.shown.Resources, p.shown.Commands = p.headlines(), p.resources(), p.commands()
}

// reloading is how often the page reloads itself, and after what time without a new one it warns;
// longest is the seconds of the longest epoch.
func reloading(longest float64) (reload, stale time.Duration) {
	epoch := time.Duration(min(longest, 1e6) * float64(time.Second))
	return min(max(epoch/2, 5*time.Second), 30*time.Second), 10*time.Minute + 3*epoch
}

// progressText returns position and time left, as the line on a terminal does.
func (p *Page) progressText() string {
	epoch, _ := p.pace.Place()
	text := fmt.Sprintf("epoch %d of %d, step %s of %s", epoch, p.plan.Epochs, display.Comma(p.pace.Step), display.Comma(p.plan.Steps))
	if p.pace.Evaluating() {
		text += ", evaluating"
	}
	if _, left := p.pace.Left(); !math.IsNaN(left) && !p.pace.Over() {
		text += ", about " + display.Remaining(left) + " left"
	}
	return text
}

func (p *Page) headlines() []page.Fact {
	facts := []page.Fact{{Name: "accuracy", Value: "–", Note: "no epoch is evaluated"}}
	if best := p.history.Best(); best != nil {
		last := p.history.Epochs[len(p.history.Epochs)-1]
		facts = []page.Fact{
			{Name: "best accuracy", Value: fmt.Sprintf("%.4f", best.ValAccuracy), Note: fmt.Sprintf("epoch %d", best.Epoch)},
			{Name: "last accuracy", Value: fmt.Sprintf("%.4f", last.ValAccuracy), Note: fmt.Sprintf("epoch %d", last.Epoch)},
			{Name: "validation loss", Value: fmt.Sprintf("%.4f", last.ValLoss), Note: fmt.Sprintf("training %.4f", last.TrainLoss)},
		}
	}
	if p.plan.TestImages > 0 && chart.IsFinite(p.tested.accuracy) {
		facts = append(facts, page.Fact{
			Name: "test accuracy", Value: fmt.Sprintf("%.4f", p.tested.accuracy), Note: fmt.Sprintf("best.bin, loss %.4f", p.tested.loss),
		})
	}
	facts = append(facts, page.Fact{
		Name: "epochs", Value: fmt.Sprintf("%d of %d", len(p.history.Epochs), p.plan.Epochs),
		Note: display.Count(p.pace.Step, "step"),
	})
	if rate := p.rate(); rate > 0 {
		facts = append(facts, page.Fact{Name: "images a second", Value: display.Comma(int(math.Round(rate))), Note: "training"})
	}
	return append(facts, page.Fact{
		Name: "parameters", Value: humanize.SIWithDigits(float64(p.plan.Params), 1, ""),
		Note: display.About(p.plan.MACs) + " multiply-adds an image",
	})
}

// rate is the images a second of this process, or before it has done any, of the last epoch.
func (p *Page) rate() float64 {
	if p.seconds > 0 {
		return float64(p.images) / p.seconds
	}
	if n := len(p.history.Epochs); n > 0 {
		return p.history.Epochs[n-1].ImagesPerSecond
	}
	return 0
}

func (p *Page) resources() []page.Fact {
	facts := []page.Fact{{Name: "memory planned", Value: display.Bytes(p.plan.MemoryBytes)}}
	if peak := memory.Peak(); peak > 0 {
		facts = append(facts, page.Fact{Name: "memory, peak", Value: display.Bytes(peak), Note: "of the process"})
	}
	if rate := p.rate(); rate > 0 {
		facts = append(facts, page.Fact{Name: "training", Value: fmt.Sprintf("%.0f images a second", rate)})
	}
	if p.pace.Steps > 0 {
		facts = append(facts, page.Fact{Name: "a step", Value: fmt.Sprintf("%.0f ms", 1000*p.seconds/float64(p.pace.Steps))})
	}
	return append(facts, page.Fact{Name: "time", Value: display.Duration(p.now().Sub(p.pace.Begun).Seconds()), Note: "of this process"})
}

// conclude says how the run has ended.
func (p *Page) conclude(r train.Result) {
	p.shown.State = page.State(r.Status)
	p.tested.accuracy, p.tested.loss = r.TestAccuracy, r.TestLoss
	switch r.Status {
	case train.Diverged:
		p.shown.Advice = "The training diverged: " + r.Advice + "."
	case train.Interrupted:
		p.shown.Advice = fmt.Sprintf("Interrupted after step %s. The state is saved; to go on: %s", display.Comma(r.StepsDone), p.resume())
	case train.Failed:
		p.shown.Advice = fmt.Sprintf("An error ended the run after step %s; see the terminal. Once its cause is fixed, go on from the last save with: %s",
			display.Comma(r.StepsDone), p.resume())
	}
}
