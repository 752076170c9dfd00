package main

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"vggtrain/internal/display"
	"vggtrain/model"
)

// column is the head of a table's column; numbers are aligned to the right.
type column struct {
	name   string
	number bool
}

// table is rows of text under a header.
type table struct {
	columns []column
	rows    [][]string
}

func (t *table) add(cells ...string) { t.rows = append(t.rows, cells) }

// write writes the columns aligned, two blanks apart.
func (t *table) write(w io.Writer) error {
	lines := make([][]string, 1, 1+len(t.rows))
	widths := make([]int, len(t.columns))
	for _, c := range t.columns {
		lines[0] = append(lines[0], c.name)
	}
	lines = append(lines, t.rows...)
	for _, cells := range lines {
		for i, cell := range cells {
			widths[i] = max(widths[i], display.Width(display.Label(cell)))
		}
	}
	for _, cells := range lines {
		padded := make([]string, len(cells))
		for i, cell := range cells {
			cell = display.Label(cell)
			blanks := strings.Repeat(" ", widths[i]-display.Width(cell))
			if t.columns[i].number {
				padded[i] = blanks + cell
			} else {
				padded[i] = cell + blanks
			}
		}
		if _, err := fmt.Fprintln(w, strings.TrimRight(strings.Join(padded, "  "), " ")); err != nil {
			return err
		}
	}
	return nil
}

// markdown writes a Markdown table.
func (t *table) markdown(w io.Writer) error {
	head, rule := make([]string, len(t.columns)), make([]string, len(t.columns))
	for i, c := range t.columns {
		head[i], rule[i] = c.name, "---"
		if c.number {
			rule[i] = "---:"
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "| %s |\n|%s|\n", strings.Join(head, " | "), strings.Join(rule, "|"))
	for _, cells := range t.rows {
		fmt.Fprintf(&b, "| %s |\n", strings.Join(cells, " | "))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// writeJSON writes one indented JSON document.
func writeJSON(w io.Writer, document any) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(document)
}

// harmless returns records without cells that a spreadsheet would run.
func harmless(records [][]string) [][]string {
	cells := make([][]string, len(records))
	for i, record := range records {
		for _, cell := range record {
			cells[i] = append(cells[i], display.Cell(cell))
		}
	}
	return cells
}

// sheetOptions are the flags of the commands that print a sheet about networks.
type sheetOptions struct {
	Input   string
	Classes int
	Format  string
	Out     io.Writer
}

func (o *sheetOptions) flags(cmd *cobra.Command) {
	textFlag(cmd, &o.Input, "input", "NxCxHxW", "1x1x224x224", "a batch of images")
	o.Classes = 10
	cmd.Flags().Var(count{&o.Classes, model.MaxClasses}, "classes", "classes to tell apart")
	choiceFlag(cmd, &o.Format, "format", "how to print it", "table", "json", "csv", "markdown")
}

func (o *sheetOptions) input() (model.Input, error) {
	input, err := model.ParseInput(o.Input)
	if err != nil {
		return input, wrongUsage("--input: %w", err)
	}
	return input, nil
}

// sheet is a result that --format prints: for people as a table with a title above and notes below
// it, aligned or in Markdown; for programs as JSON with all fields or CSV with plain numbers.
type sheet struct {
	title    string
	table    table
	notes    []string   // sentences
	document any        // JSON's
	records  [][]string // CSV's, the header first
}

func (s *sheet) write(w io.Writer, format string) error {
	switch format {
	case "json":
		return writeJSON(w, s.document)
	case "csv":
		return csv.NewWriter(w).WriteAll(harmless(s.records))
	case "markdown":
		if err := s.table.markdown(w); err != nil {
			return err
		}
		_, err := fmt.Fprintf(w, "\n%s. %s\n", s.title, strings.Join(s.notes, " "))
		return err
	}
	if _, err := fmt.Fprintf(w, "%s\n\n", s.title); err != nil {
		return err
	}
	if err := s.table.write(w); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, "\n%s\n", strings.Join(s.notes, "\n"))
	return err
}
