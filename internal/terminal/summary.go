package terminal

import (
	"cmp"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"

	"vggtrain/dataset"
	"vggtrain/internal/display"
	"vggtrain/internal/pace"
	"vggtrain/internal/train"
)

// WriteSummary writes the result of a run for people, in at most eight lines: scores, files, and
// commands to go on.
func WriteSummary(w io.Writer, r train.Result) error {
	var limit pace.Limit
	if r.Status == train.Done {
		limit = pace.LimitOf(r.Settings, r.StepsPerEpoch, r.StepsDone, r.EpochsDone-r.BestEpoch)
	}
	lines := howItEnded(r, limit)
	if !math.IsNaN(r.ValAccuracy) {
		text := fmt.Sprintf("accuracy %.4f, loss %s; best accuracy %.4f in epoch %d",
			r.ValAccuracy, lossText(r.ValLoss), r.BestValAccuracy, r.BestEpoch)
		if guessed(r) {
			text += fmt.Sprintf(", no better than a guess of one in %d", r.Classes)
		}
		lines = append(lines, text)
	}
	if r.TestImages > 0 && !math.IsNaN(r.TestAccuracy) {
		lines = append(lines, fmt.Sprintf("test set, once, with best.bin: accuracy %.4f, loss %s", r.TestAccuracy, lossText(r.TestLoss)))
	}
	for _, l := range leftovers(r, limit) {
		lines = append(lines, l.line(0, false))
	}
	_, err := fmt.Fprintln(w, strings.Join(lines, "\n"))
	return err
}

// howItEnded says how long a run was, and why not longer if a limit has ended it.
func howItEnded(r train.Result, limit pace.Limit) []string {
	numbers := fmt.Sprintf("%s, %s (%s, peak memory %s)", display.Count(r.StepsDone, "step"),
		display.Duration(r.Seconds), speedText(r.ImagesPerSecond), display.Bytes(r.PeakRSSBytes))
	if limit == "" {
		return []string{fmt.Sprintf("%s after %s, %s", r.Status, display.Count(r.EpochsDone, "epoch"), numbers)}
	}
	epochs := fmt.Sprintf("%d of %s", r.EpochsDone, display.Count(r.Epochs, "epoch"))
	return []string{fmt.Sprintf("%s after %s: %s", r.Status, epochs, limit.Reason(r.Settings)), numbers}
}

// leftovers returns the run's files and the commands to go on. limit is the limit that ended the run.
func leftovers(r train.Result, limit pace.Limit) []labelled {
	weights := cmp.Or(r.Best, r.Checkpoint)
	if weights == "" {
		return nil
	}
	var names []string
	for _, path := range []string{r.Best, r.Checkpoint} {
		if path != "" {
			names = append(names, filepath.Base(path))
		}
	}
	lines := []labelled{{"run folder", fmt.Sprintf("%s: %s", display.Name(r.Folder), strings.Join(names, ", "))}}
	page := filepath.Join(r.Folder, "report.html")
	if _, err := os.Stat(page); err == nil {
		lines = append(lines, labelled{"report", display.Name(page) + ", for a browser"})
	}
	file, data := display.ShellWord(weights), ""
	if r.DataKind == dataset.Published || r.DataKind == dataset.Sampled { // eval finds others by itself
		data = display.Flag("data", r.Settings.Data, "auto")
	}
	commands := []string{
		"vggtrain eval " + file + data,
		"vggtrain predict " + file + " IMAGE.png",
	}
	switch {
	case r.Status == train.Done && limit == "" && guessed(r): // it would predict at random
		commands[1] = fmt.Sprintf("vggtrain fit --resume %s --epochs %d", display.ShellWord(r.Folder), 2*r.Epochs)
	case r.Status == train.Interrupted || limit != "":
		commands = []string{"vggtrain fit --resume " + display.ShellWord(r.Folder) + limit.Lift(), commands[0]}
	}
	return append(lines, labelled{"next", commands[0]}, labelled{"", commands[1]})
}

// enoughToTell is the least number of scored images whose accuracy tells learning from guessing.
const enoughToTell = 50

// guessed reports whether the best accuracy is that of a guess among the classes, or within three
// standard errors of it and half as much again.
func guessed(r train.Result) bool {
	if r.Classes < 2 || r.ValImages < enoughToTell {
		return false
	}
	p := 1 / float64(r.Classes)
	return r.BestValAccuracy <= p+min(3*math.Sqrt(p*(1-p)/float64(r.ValImages)), p/2)
}
