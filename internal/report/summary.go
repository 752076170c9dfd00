package report

import (
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"unicode"
	"unicode/utf8"

	"vggtrain/configs"
	"vggtrain/internal/display"
	"vggtrain/internal/train"
)

// WriteSummary writes how a run of these settings, its epochs of so many steps, ended, in at most
// seven lines for people: what came of it, where that is, and what may be done with it.
func WriteSummary(w io.Writer, r train.Result, settings *configs.Recipe, stepsPerEpoch int) error {
	limit := ""
	if r.Status == train.Done {
		limit = standOf(r, settings, stepsPerEpoch).limit()
	}
	lines := howItEnded(r, limit, settings)
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
func howItEnded(r train.Result, limit string, settings *configs.Recipe) []string {
	speed, memory := speedText(r.ImagesPerSecond), "peak memory "+Bytes(r.PeakRSSBytes)
	if limit != "" {
		return []string{
			fmt.Sprintf("%s after %d of %s: %s", r.Status, r.Epochs, count(settings.Epochs, "epoch"), reason(limit, settings)),
			fmt.Sprintf("%s, %s (%s, %s)", count(r.Steps, "step"), Duration(r.Seconds), speed, memory),
		}
	}
	return []string{fmt.Sprintf("%s after %s, %s, %s (%s, %s)", r.Status,
		count(r.Epochs, "epoch"), count(r.Steps, "step"), Duration(r.Seconds), speed, memory)}
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
	folder := folderOf(r)
	lines := []labelled{{"run folder", fmt.Sprintf("%s: %s", display.Name(folder), strings.Join(names, ", "))}}
	if page := filepath.Join(folder, "report.html"); exists(page) {
		lines = append(lines, labelled{"report", display.Name(page) + ", for a browser"})
	}
	return lines
}

func folderOf(r train.Result) string {
	if r.Checkpoint != "" {
		return filepath.Dir(r.Checkpoint)
	}
	return filepath.Dir(r.Best)
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// next are the commands that may follow on a run, which a limit has ended if there is one.
func next(r train.Result, limit string) []labelled {
	weights := r.Best
	if weights == "" {
		weights = r.Checkpoint
	}
	if weights == "" {
		return nil
	}
	commands := []string{"vggtrain eval " + ShellWord(weights) + dataFlag(r.DataSetting), "vggtrain predict " + ShellWord(weights) + " IMAGE.png"}
	if r.Status == train.Interrupted || limit != "" {
		commands = []string{"vggtrain fit --resume " + ShellWord(folderOf(r)) + without(limit), commands[0]}
	}
	return []labelled{{"next", commands[0]}, {"", commands[1]}}
}

// ShellWord returns a word of a command as a shell takes it, without characters that do not print.
func ShellWord(word string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("._/-+=:,@", r) ||
			r == '\\' && runtime.GOOS == "windows"
	}
	switch {
	case word != "" && strings.IndexFunc(word, func(r rune) bool { return !plain(r) }) < 0:
		return word
	case runtime.GOOS == "windows":
		return `"` + display.Clean(word, "") + `"` // cmd.exe has no other way to write them
	case !display.Printable(word):
		return escaped(word)
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

// escaped returns a word that does not print as $'…', in which POSIX's shells take octal numbers for
// bytes.
func escaped(word string) string {
	var b strings.Builder
	b.WriteString("$'")
	for len(word) > 0 {
		r, size := utf8.DecodeRuneInString(word)
		switch bad := r == utf8.RuneError && size == 1; {
		case r == '\\' || r == '\'':
			b.WriteString(`\` + word[:size])
		case unicode.IsPrint(r) && !bad:
			b.WriteString(word[:size])
		default:
			for _, c := range []byte(word[:size]) {
				fmt.Fprintf(&b, `\%03o`, c)
			}
		}
		word = word[size:]
	}
	b.WriteByte('\'')
	return b.String()
}
