package main

import (
	"encoding/csv"
	"fmt"
	"io"
	"strings"
)

// sheetFormats are the formats that a sheet is printed in, the first by default.
func sheetFormats() []string { return []string{"table", "json", "csv", "markdown"} }

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
		return csv.NewWriter(w).WriteAll(s.records)
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
