package display

import (
	"strconv"
	"strings"
)

// Cell returns text as a cell of CSV that no spreadsheet takes for a formula: an apostrophe stands
// before what begins like one (OWASP, "CSV Injection"). Numbers stay as they are.
func Cell(text string) string {
	if _, err := strconv.ParseFloat(text, 64); err == nil || text == "" {
		return text
	}
	if strings.ContainsRune("=+-@\t\r\n＝＋－＠", []rune(text)[0]) {
		return "'" + text
	}
	return text
}
