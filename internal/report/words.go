package report

import (
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/dustin/go-humanize"

	"vggtrain/internal/train"
)

// planLine says in one line what a run is going to do.
func planLine(p train.Plan) string {
	return fmt.Sprintf("%s, %s parameters: %s images at %dx%d (%s), %s of %s, batch %d, %s, %s",
		p.Arch, humanize.Comma(p.Params), humanize.Comma(int64(p.TrainImages)), p.Side, p.Side, p.Data,
		count(p.Epochs, "epoch"), count(p.StepsPerEpoch, "step"), p.BatchSize, count(p.Threads, "thread"), p.Kernel)
}

// epochLine is an epoch in one line, whose columns stand below each other in a run.
func epochLine(p train.Plan, r train.EpochRecord, best bool) string {
	mark := ""
	if best {
		mark = "  best"
	}
	return fmt.Sprintf("epoch %*d/%d  loss %.4f  val loss %.4f  accuracy %.4f  %5.0f images/s  %6s%s",
		digits(p.Epochs), r.Epoch, p.Epochs, r.TrainLoss, r.ValLoss, r.ValAccuracy, r.ImagesPerSecond, duration(r.Seconds), mark)
}

// digits is the width of a number that counts to n.
func digits(n int) int { return len(strconv.Itoa(n)) }

// duration writes seconds as 0.5s, 42s, 3m07s or 2h05m.
func duration(seconds float64) string {
	if math.IsNaN(seconds) || seconds < 0 || seconds > 1e8 {
		return "?"
	}
	if seconds < 10 {
		return fmt.Sprintf("%.1fs", seconds)
	}
	d := time.Duration(seconds * float64(time.Second)).Round(time.Second)
	h, m, s := int(d.Hours()), int(d.Minutes())%60, int(d.Seconds())%60
	switch {
	case h > 0:
		return fmt.Sprintf("%dh%02dm", h, m)
	case m > 0:
		return fmt.Sprintf("%dm%02ds", m, s)
	}
	return fmt.Sprintf("%ds", s)
}

// bytesText writes a number of bytes as 512 MB or 2.7 GB, powers of ten.
func bytesText(n int64) string {
	if n >= 1e9 {
		return fmt.Sprintf("%.1f GB", float64(n)/1e9)
	}
	return fmt.Sprintf("%.0f MB", float64(n)/1e6)
}

// count writes a number with its noun: 1 epoch, 10 epochs.
func count(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return humanize.Comma(int64(n)) + " " + noun
}
