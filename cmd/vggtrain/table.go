package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
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
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	for _, cells := range lines {
		padded := make([]string, len(cells))
		for i, cell := range cells {
			blanks := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell))
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
