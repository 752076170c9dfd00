package model

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/dustin/go-humanize"
)

// SummaryFormats lists the formats that Summary.Write knows.
func SummaryFormats() []string { return []string{"table", "json", "csv", "markdown"} }

// Write writes the summary in one of SummaryFormats: a table for people with totals below; JSON
// with all fields; CSV with a header and a row for each layer and nothing else; a Markdown table.
func (s *Summary) Write(w io.Writer, format string) error {
	switch format {
	case "table":
		return s.writeTable(w)
	case "json":
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		return e.Encode(s)
	case "csv":
		return s.writeCSV(w)
	case "markdown":
		return s.writeMarkdown(w)
	}
	return fmt.Errorf("unknown format %q; give one of %s", format, strings.Join(SummaryFormats(), ", "))
}

func (s *Summary) writeCSV(w io.Writer) error {
	rows := [][]string{{"name", "type", "output", "params", "macs"}}
	for _, l := range s.Layers {
		rows = append(rows, []string{l.Name, l.Type, cross(l.Output), fmt.Sprint(l.Params), fmt.Sprint(l.MACs)})
	}
	return csv.NewWriter(w).WriteAll(rows)
}

func (s *Summary) writeTable(w io.Writer) error {
	rows := s.rows()
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s, input %s\n\n", s.Arch, cross(s.Input[:]))
	for _, row := range rows {
		line := fmt.Sprintf("%-*s  %-*s  %-*s  %*s  %*s  %*s", widths[0], row[0], widths[1], row[1], widths[2], row[2],
			widths[3], row[3], widths[4], row[4], widths[5], row[5])
		fmt.Fprintln(&b, strings.TrimRight(line, " "))
	}
	fmt.Fprintf(&b, "\n%s\n", strings.Join(s.notes(), "\n"))
	_, err := io.WriteString(w, b.String())
	return err
}

func (s *Summary) writeMarkdown(w io.Writer) error {
	var b strings.Builder
	for i, row := range s.rows() {
		fmt.Fprintf(&b, "| %s |\n", strings.Join(row, " | "))
		if i == 0 {
			fmt.Fprintln(&b, "|---|---|---|---:|---:|---:|")
		}
	}
	fmt.Fprintf(&b, "\n%s, input %s. %s\n", s.Arch, cross(s.Input[:]), strings.Join(s.notes(), " "))
	_, err := io.WriteString(w, b.String())
	return err
}

// rows are the cells of a table for people: a header, the layers, the total.
func (s *Summary) rows() [][]string {
	rows := [][]string{{"layer", "type", "output", "parameters", "MACs", "weights"}}
	for _, l := range s.Layers {
		row := []string{l.Name, l.Type, cross(l.Output), "", "", ""}
		if l.Params > 0 {
			row[3], row[5] = humanize.Comma(l.Params), binaryBytes(4*l.Params)
		}
		if l.MACs > 0 {
			row[4] = humanize.Comma(l.MACs)
		}
		rows = append(rows, row)
	}
	return append(rows, []string{"total", "", "", humanize.Comma(s.Params), humanize.Comma(s.MACs), binaryBytes(s.WeightBytes)})
}

// notes are sentences that say what the totals mean.
func (s *Summary) notes() []string {
	return []string{
		fmt.Sprintf("MACs are the multiply-adds of convolution and linear layers, for the whole batch: %s FLOPs.", humanize.Comma(s.FLOPs)),
		fmt.Sprintf("Training holds %s: weights, the buffers of a step, and a batch of images.", binaryBytes(s.TrainBytes)),
	}
}

// cross writes a shape: 1x16x112x112.
func cross(shape []int) string {
	parts := make([]string, len(shape))
	for i, n := range shape {
		parts[i] = strconv.Itoa(n)
	}
	return strings.Join(parts, "x")
}

// binaryBytes writes a size with three or four digits: 164.4 MiB.
func binaryBytes(n int64) string {
	if n < 1024 {
		return fmt.Sprintf("%d B", n)
	}
	value, unit := float64(n)/1024, 0
	for value >= 1023.95 && unit < 3 {
		value /= 1024
		unit++
	}
	return fmt.Sprintf("%.1f %s", value, []string{"KiB", "MiB", "GiB", "TiB"}[unit])
}
