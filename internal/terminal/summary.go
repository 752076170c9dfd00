package terminal

import (
	"cmp"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"

	"vggtrain/internal/display"
	"vggtrain/internal/pace"
	"vggtrain/internal/train"
)

// WriteSummary writes how a run ended, in at most seven lines for people: what came of it, where that
// is, and what may be done with it.
func WriteSummary(w io.Writer, r train.Result) error {
	var limit pace.Limit
	if r.Status == train.Done {
		limit = pace.LimitOf(r.Settings, r.StepsPerEpoch, r.StepsDone, r.EpochsDone-r.BestEpoch)
	}
	lines := howItEnded(r, limit)
	if !math.IsNaN(r.ValAccuracy) {
		lines = append(lines, fmt.Sprintf("accuracy %.4f, loss %s; best accuracy %.4f in epoch %d",
			r.ValAccuracy, lossText(r.ValLoss), r.BestValAccuracy, r.BestEpoch))
	}
	for _, l := range append(whereabouts(r), next(r, limit)...) {
		lines = append(lines, l.line(0, false))
	}
	_, err := fmt.Fprintln(w, strings.Join(lines, "\n"))
	return err
}

// howItEnded says how long a run was, and why not longer if a limit has ended it.
func howItEnded(r train.Result, limit pace.Limit) []string {
	speed, memory := speedText(r.ImagesPerSecond), "peak memory "+display.Bytes(r.PeakRSSBytes)
	if limit != "" {
		return []string{
			fmt.Sprintf("%s after %d of %s: %s", r.Status, r.EpochsDone, display.Count(r.Epochs, "epoch"), limit.Reason(r.Settings)),
			fmt.Sprintf("%s, %s (%s, %s)", display.Count(r.StepsDone, "step"), display.Duration(r.Seconds), speed, memory),
		}
	}
	return []string{fmt.Sprintf("%s after %s, %s, %s (%s, %s)", r.Status,
		display.Count(r.EpochsDone, "epoch"), display.Count(r.StepsDone, "step"), display.Duration(r.Seconds), speed, memory)}
}

// whereabouts are the lines that say where the files of a run are.
func whereabouts(r train.Result) []labelled {
	var names []string
	for _, path := range []string{r.Best, r.Checkpoint} {
		if path != "" {
			names = append(names, filepath.Base(path))
		}
	}
	if len(names) == 0 {
		return nil
	}
	lines := []labelled{{"run folder", fmt.Sprintf("%s: %s", display.Name(r.Folder), strings.Join(names, ", "))}}
	page := filepath.Join(r.Folder, "report.html")
	if _, err := os.Stat(page); err == nil {
		lines = append(lines, labelled{"report", display.Name(page) + ", for a browser"})
	}
	return lines
}

// next are the commands that may follow on a run, which a limit has ended if there is one.
func next(r train.Result, limit pace.Limit) []labelled {
	weights := cmp.Or(r.Best, r.Checkpoint)
	if weights == "" {
		return nil
	}
	file := display.ShellWord(weights)
	commands := []string{
		"vggtrain eval " + file + display.Flag("data", r.Settings.Data, "auto"),
		"vggtrain predict " + file + " IMAGE.png",
	}
	if r.Status == train.Interrupted || limit != "" {
		commands = []string{"vggtrain fit --resume " + display.ShellWord(r.Folder) + limit.Lift(), commands[0]}
	}
	return []labelled{{"next", commands[0]}, {"", commands[1]}}
}
