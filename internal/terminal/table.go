package terminal

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"vggtrain/internal/display"
	"vggtrain/internal/record"
)

// tableField is a column of the table of epochs, aligned to the right.
type tableField struct {
	name  string
	width int
	keep  int // the field with the least is left out first where there is no room for all
	text  func(record.Epoch) string
}

// fields are the columns of an epoch's row.
var fields = [...]tableField{
	{"epoch", 5, 9, func(r record.Epoch) string { return strconv.Itoa(r.Epoch) }},
	{"train loss", 10, 4, func(r record.Epoch) string { return lossText(r.TrainLoss) }},
	{"val loss", 8, 6, func(r record.Epoch) string { return lossText(r.ValLoss) }},
	{"accuracy", 8, 8, func(r record.Epoch) string { return fmt.Sprintf("%.4f", r.ValAccuracy) }},
	{"lr", 7, 1, func(r record.Epoch) string { return rateText(r.LR) }},
	{"img/s", 6, 2, func(r record.Epoch) string { return speedNumber(r.ImagesPerSecond) }},
	{"time", 6, 3, func(r record.Epoch) string { return display.Duration(r.Seconds) }},
}

// bestMark follows the row of an epoch better than all before.
const bestMark = "best"

// table writes the rows of epochs. Its head comes before the first of them, and again where the
// terminal has room for other fields by now, or so few rows that the head has left it.
type table struct {
	fields []tableField
	rows   int // since the head
}

// row is the lines of an epoch on a terminal of that size: the row, and the head if it is time for
// one.
func (t *table) row(r record.Epoch, best bool, columns, rows int) []string {
	var lines []string
	if chosen := choose(columns); len(chosen) != len(t.fields) || t.rows >= max(rows-3, 1) {
		t.fields, t.rows = chosen, 0
		lines = append(lines, bold+t.line(func(f tableField) string { return f.name })+plain)
	}
	t.rows++
	row := t.line(func(f tableField) string { return f.text(r) })
	if best {
		row += "  " + green + bestMark + plain
	}
	return append(lines, row)
}

func (t *table) line(text func(tableField) string) string {
	var b strings.Builder
	for i, f := range t.fields {
		blanks := 2
		if i == 0 {
			blanks = 1 // as before the bar
		}
		cell := text(f)
		b.WriteString(strings.Repeat(" ", blanks+max(0, f.width-utf8.RuneCountInString(cell))))
		b.WriteString(cell)
	}
	return b.String()
}

// choose returns the fields that there is room for.
func choose(columns int) []tableField {
	chosen := slices.Clone(fields[:])
	for {
		width, least := 1+len(bestMark), 0
		for i, f := range chosen {
			width += 2 + f.width
			if f.keep < chosen[least].keep {
				least = i
			}
		}
		if width < columns || len(chosen) == 1 {
			return chosen
		}
		chosen = slices.Delete(chosen, least, least+1)
	}
}
