package terminal

import (
	"cmp"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/schollz/progressbar/v3"

	"vggtrain/internal/display"
	"vggtrain/internal/pace"
)

// Widths in columns. A bar shorter than barShortest is left out.
const (
	barLongest  = 30
	barShortest = 3
	barPercent  = 5 // of the percentage before it, with its blank
)

// part is one thing that the bar's line says.
type part struct {
	text  string
	width int  // that is kept free for it, so that the line stays as it is while its numbers grow
	keep  rank // the parts with the most come first where there is no room for all
}

// rank is the importance of a part of the bar's line. The percentage and the bar get the remaining
// room.
type rank int

const (
	rankEpochLeft rank = iota
	rankRate
	rankStep
	rankSpeed
	rankLeft
	rankLoss
)

func (p part) columns() int { return 2 + max(p.width, utf8.RuneCountInString(p.text)) }

// barLine returns the progress in at most columns columns. It begins with a blank, for the cursor.
func barLine(p *pace.Pace, columns int) string {
	epoch, done := p.Place()
	line := fmt.Sprintf(" epoch %d/%d", epoch, p.Plan.Epochs)
	parts, rest := fit(parts(p), columns-utf8.RuneCountInString(line))
	length := p.Plan.StepsPerEpoch
	switch {
	case rest > barPercent+barShortest:
		line += bar(done, length, min(rest-barPercent-1, barLongest))
	case rest >= barPercent:
		line += fmt.Sprintf("%4d%%", 100*done/length)
	}
	for i, part := range parts {
		line += "  " + part.text
		if i < len(parts)-1 && part.keep != rankLeft {
			line += strings.Repeat(" ", part.columns()-2-utf8.RuneCountInString(part.text))
		}
	}
	return cut(strings.TrimRight(line, " "), columns)
}

// fit drops parts until the rest fit, and returns the columns left.
func fit(parts []part, columns int) (kept []part, rest int) {
	for _, p := range slices.SortedStableFunc(slices.Values(parts), func(a, b part) int { return cmp.Compare(b.keep, a.keep) }) {
		if p.columns() > columns {
			parts = slices.DeleteFunc(parts, func(other part) bool { return other == p })
			continue
		}
		columns -= p.columns()
	}
	return parts, columns
}

// bar is the percentage and the bar of an epoch, by a library. Its own forecast of time knows nothing
// of evaluations.
func bar(done, steps, width int) string {
	b := progressbar.NewOptions(steps,
		progressbar.OptionSetWriter(io.Discard),
		progressbar.OptionSetPredictTime(false),
		progressbar.OptionSetElapsedTime(false),
		progressbar.OptionSetWidth(width),
		progressbar.OptionSetTheme(progressbar.Theme{Saucer: "█", SaucerPadding: "░"}), // which every font has
	)
	_, _ = b.RenderBlank(), b.Set(done) // to where no write fails
	return strings.TrimRight(strings.TrimPrefix(b.String(), "\r"), " ")
}

// parts returns the parts of a line except the epoch. Unknown ones are empty, but keep their place.
func parts(p *pace.Pace) []part {
	state, loss, rate, speed := state(p), "", "", ""
	if p.Steps > 0 {
		loss, rate, speed = "loss "+lossText(p.Loss()), "lr "+rateText(p.LR), strings.Replace(speedText(p.Speed()), "images", "img", 1)
	}
	left := append(leftTexts(p), "", "")
	list := []part{
		state,
		{loss, 11, rankLoss},
		{rate, 9, rankRate},
		{speed, 10, rankSpeed},
		{left[0], 8, rankLeft},
	}
	if epoch, _ := p.Place(); epoch*p.Plan.StepsPerEpoch < p.Plan.Steps { // else it is the run's
		list = append(list, part{left[1], 11, rankEpochLeft})
	}
	return list
}

// state is the step, or another activity.
func state(p *pace.Pace) part {
	text := fmt.Sprintf("step %*d/%d", digits(p.Plan.Steps), p.Step, p.Plan.Steps)
	state := part{text, max(len(text), len("evaluating")), rankLoss}
	switch {
	case p.Evaluating():
		state.text = "evaluating"
	case p.Over():
		state.text = "saving"
	case p.Steps == 0:
		state.text = "starting"
	default:
		state.keep = rankStep
	}
	return state
}

// leftTexts returns the time left for the run, and for the epoch under way if that differs; nil while
// unknown.
func leftTexts(p *pace.Pace) []string {
	epoch, run := p.Left()
	if math.IsNaN(run) {
		return nil
	}
	texts := []string{display.Remaining(run) + " left"}
	if display.Remaining(epoch) != display.Remaining(run) {
		texts = append(texts, "(epoch "+display.Remaining(epoch)+")")
	}
	return texts
}

// digits is the width of a number that counts to n.
func digits(n int) int { return len(strconv.Itoa(n)) }

// lossText writes a loss in six characters, seven where it is out of all proportion.
func lossText(x float64) string {
	switch {
	case x >= 1e4:
		return fmt.Sprintf("%.1e", x)
	case x >= 10:
		return fmt.Sprintf("%.2f", x)
	}
	return fmt.Sprintf("%.4f", x)
}

// rateText writes a learning rate in six or seven characters: 0.0200, 4.9e-05.
func rateText(x float64) string {
	switch {
	case x == 0:
		return "0"
	case x < 0.001 || x >= 1000:
		return fmt.Sprintf("%.1e", x)
	}
	return fmt.Sprintf("%.4f", x)
}

func speedText(rate float64) string {
	if math.IsNaN(rate) || math.IsInf(rate, 0) {
		return "? images/s"
	}
	return speedNumber(rate) + " images/s"
}

// speedNumber has a decimal where whole numbers would tell too little.
func speedNumber(rate float64) string {
	if rate < 10 {
		return fmt.Sprintf("%.1f", rate)
	}
	return fmt.Sprintf("%.0f", rate)
}

// cut returns the first columns of a line.
func cut(line string, columns int) string {
	for i := range line {
		if columns <= 0 {
			return line[:i]
		}
		columns--
	}
	return line
}
