package terminal

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"vggtrain/configs"
	"vggtrain/dataset"
	"vggtrain/internal/display"
	"vggtrain/internal/train"
	"vggtrain/model"
)

// labelWidth is the columns of a header's labels, with the blanks behind them.
const labelWidth = 11

// labelled is a line of the header.
type labelled struct{ label, text string }

// header describes the plan of a run, a line a subject. On a terminal lines are wrapped at columns
// and labels are bold.
func header(p train.Plan, columns int, terminal bool) []string {
	var lines []string
	for _, l := range subjects(p) {
		lines = append(lines, l.line(columns, terminal))
	}
	return lines
}

func (l labelled) line(columns int, terminal bool) string {
	label := fmt.Sprintf("%-*s", labelWidth, l.label)
	if !terminal {
		return label + l.text
	}
	return marked(bold, label, l.text, columns)
}

// marked is a text behind a label that stands out, broken into lines that begin below its own.
func marked(style, label, text string, columns int) string {
	return style + label + plain + wrap(label+text, columns, len(label))[len(label):]
}

// wrap breaks a text between words into lines of at most width columns, all but the first one
// indented; words longer than that stay whole. The lines that the text has stay apart. A width of
// 0 or less changes nothing.
func wrap(text string, width, indent int) string {
	if width <= indent {
		return text
	}
	var lines []string
	for line := range strings.SplitSeq(text, "\n") {
		for utf8.RuneCountInString(line) > width {
			at := breakAt(line, width, indent)
			if at < 0 {
				break
			}
			lines = append(lines, strings.TrimRight(line[:at], " "))
			line = strings.Repeat(" ", indent) + strings.TrimLeft(line[at:], " ")
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

// breakAt returns the index of the blank at which a line is broken: the last one that leaves no more
// than width columns before it, else the first one at all; -1 for none behind the indent.
func breakAt(line string, width, indent int) int {
	at, column := -1, 0
	for i, r := range line {
		if column > width && at >= 0 {
			break
		}
		if r == ' ' && column > indent && strings.TrimSpace(line[:i]) != "" && strings.TrimSpace(line[i:]) != "" {
			at = i
		}
		column++
	}
	return at
}

// subjects are the lines of the header.
func subjects(p train.Plan) []labelled {
	lines := []labelled{
		{"data", dataText(p)},
		{"scored", scoredText(p)},
		{"network", networkText(p)},
		{"settings", settingsText(p)},
		{"training", trainingText(p)},
		{"optimizer", optimizerText(p.Settings)},
		{"memory", memoryText(p)},
		{"processor", fmt.Sprintf("%s, %s kernels", display.Count(p.Threads, "thread"), p.Kernel)},
	}
	if p.Folder != "" {
		lines = append(lines, labelled{"run folder", display.Name(p.Folder)})
	}
	return lines
}

// dataText describes the data and their origin.
func dataText(p train.Plan) string {
	name, origin := display.Name(p.DataOrigin), ""
	switch p.DataKind {
	case dataset.Published:
		name, origin = "Fashion-MNIST", " ("+name+")"
	case dataset.Sampled:
		name = "only a sample of Fashion-MNIST"
	}
	colour := "grey"
	if p.Channels == 3 {
		colour = "in colour"
	}
	text := fmt.Sprintf("%s: %s to train on, at %dx%d, %s, resize-mode %s%s",
		name, display.Count(p.TrainImages, "image"), p.Side, p.Side, colour, p.Settings.ResizeMode, origin)
	if p.LeftOut > 0 {
		text += fmt.Sprintf("; %s left out, unreadable", display.Count(p.LeftOut, "file"))
	}
	return text
}

// scoredText describes what is scored after each epoch and chooses the best weights, and what only at
// the end.
func scoredText(p train.Plan) string {
	text := fmt.Sprintf("%s: %s after each epoch", p.ScoredHow, display.Count(p.ValImages, "image"))
	if p.TestImages > 0 {
		text += fmt.Sprintf("; the test set once, at the end: %s", display.Count(p.TestImages, "image"))
	}
	return text
}

// networkText describes the network, and its initial weights if they are from a file.
func networkText(p train.Plan) string {
	text := fmt.Sprintf("%s: %s parameters, %s multiply-adds (MACs) an image", display.Name(p.Arch), display.Comma(int(p.Params)), display.About(p.MACs))
	if p.Settings.Dropout > 0 {
		text += fmt.Sprintf(", dropout %v", p.Settings.Dropout)
	}
	if init := p.Settings.Init; !slices.Contains(model.InitKinds(), init) {
		text += ", weights from " + display.Name(init)
	}
	return text
}

// settingsText describes the origin of the settings, the seed, and the given flags, except --arch and
// --data: other lines show these.
func settingsText(p train.Plan) string {
	r := p.Settings
	var from, flags []string
	for _, key := range configs.Keys() {
		o := r.Origin(key.Name)
		source := display.Name(o.Source)
		if !slices.Contains([]configs.Origin{{}, configs.FromFlag, configs.FromDefault, configs.FromArch, configs.FromData}, o) && !slices.Contains(from, source) {
			from = append(from, source)
		}
	}
	if p.StepsDone > 0 {
		from = []string{"the checkpoint's"}
	}
	for _, key := range configs.Keys() {
		name := key.Name
		switch {
		case r.Origin(name) != configs.FromFlag || name == "arch" || name == "data" || name == "seed":
		case key.Bool:
			flags = append(flags, "--"+name+"="+r.Text(name))
		default:
			flags = append(flags, "--"+name+" "+display.ShellWord(r.Text(name)))
		}
	}
	text := strings.Join(append(from, fmt.Sprintf("seed %d", r.Seed)), ", ")
	if len(flags) > 0 {
		text += "; " + strings.Join(flags, " ")
	}
	return text
}

// trainingText describes the length of the run, or the rest of a resumed one.
func trainingText(p train.Plan) string {
	text := fmt.Sprintf("%s of %s, %s a step", display.Count(p.Epochs, "epoch"),
		display.Count(p.StepsPerEpoch, "step"), display.Count(min(p.BatchSize, p.TrainImages), "image"))
	if p.Settings.Augment != "none" {
		text += ", augmented by " + strings.ReplaceAll(p.Settings.Augment, ",", " and ")
	}
	if p.Settings.LabelSmoothing > 0 {
		text += fmt.Sprintf(", label smoothing %v", p.Settings.LabelSmoothing)
	}
	if p.Steps != p.Epochs*p.StepsPerEpoch {
		text += fmt.Sprintf(", %s at most", display.Count(p.Steps, "step"))
	}
	if p.StepsDone > 0 {
		text += fmt.Sprintf("; %s done, %s left", display.Comma(p.StepsDone), display.Comma(max(p.Steps-p.StepsDone, 0)))
	}
	if limit := p.Settings.MaxTime; limit > 0 {
		text += fmt.Sprintf("; ends after %s", display.Duration(limit.Seconds()))
	}
	if patience := p.Settings.EarlyStop; patience > 0 {
		text += fmt.Sprintf("; ends after %s without a better accuracy", display.Count(patience, "epoch"))
	}
	return text
}

// optimizerText says in one line how weights are changed.
func optimizerText(r *configs.Recipe) string {
	schedule := r.Schedule
	if r.WarmupEpochs > 0 {
		schedule += ", " + display.Count(r.WarmupEpochs, "epoch") + " of warm-up"
	}
	parts := []string{fmt.Sprintf("%s, lr %v (%s)", strings.ToUpper(r.Optimizer.Kind), r.LR, schedule)}
	return strings.Join(append(parts, r.Optimizer.Details()...), ", ")
}

// memoryText returns the expected memory of the run and the machine's.
func memoryText(p train.Plan) string {
	text := "about " + display.Bytes(p.MemoryBytes)
	if p.MachineBytes > 0 {
		text += " of this machine's " + display.Bytes(p.MachineBytes)
	}
	return text
}

// WriteEstimate writes the plan and the estimated times of a run, a line a subject.
func WriteEstimate(w io.Writer, e *train.Estimate) error {
	for _, l := range append(subjects(e.Plan), labelled{"time", timeText(e)}) {
		if _, err := fmt.Fprintln(w, l.line(0, false)); err != nil {
			return err
		}
	}
	return nil
}

func timeText(e *train.Estimate) string {
	each := fmt.Sprintf("%s a step, %s an evaluation", display.Duration(e.StepSeconds), display.Duration(e.EvalSeconds))
	switch p := e.Plan; {
	case p.StepsDone >= p.Steps:
		return "nothing is left to train: " + each
	case p.StepsDone > 0:
		return "about " + display.Duration(e.Seconds) + " for what is left: " + each
	}
	return "about " + display.Duration(e.Seconds) + ": " + each
}
