package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

var (
	manFolder  = flag.String("man", "", "write man pages into this folder")
	manVersion = flag.String("man-version", "", "the version that they are of")
	manDate    = flag.String("man-date", "", "the date that they are of, as 2026-01-31")
)

// TestMan writes the man pages if -man names a folder for them, as
// scripts/release.sh does; else it looks at what it would write.
func TestMan(t *testing.T) {
	folder := *manFolder
	if folder == "" {
		folder = t.TempDir()
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	everyCommand(func(cmd *cobra.Command) {
		m := newManual(cmd)
		page := manPage(m, *manVersion, *manDate)
		if err := os.WriteFile(filepath.Join(folder, manName(cmd)+".1"), []byte(page), 0o644); err != nil {
			t.Error(err)
		}
		for _, l := range m.Groups {
			for _, i := range l.Items {
				name, _, _ := strings.Cut(i.Name, " ")
				if !strings.Contains(page, roff(name)) {
					t.Errorf("%s.1 does not tell of %s", manName(cmd), i.Name)
				}
			}
		}
		for line := range strings.Lines(page) {
			if strings.HasPrefix(line, "'") || strings.HasPrefix(line, ".") && !request.MatchString(line) {
				t.Errorf("%s.1: a text that troff takes for a request: %s", manName(cmd), line)
			}
		}
	})
}

// request is what manPage writes.
var request = regexp.MustCompile(`^\.(TH|SH|SS|TP|PP|EX|EE|BR)\b`)

func manName(cmd *cobra.Command) string { return strings.ReplaceAll(cmd.CommandPath(), " ", "-") }

// manPage is the man page of a command, in the macros of man(7).
func manPage(m manual, version, date string) string {
	var b strings.Builder
	name := manName(m.Command)
	fmt.Fprintf(&b, ".TH \"%s\" 1 \"%s\" \"vggtrain %s\" \"vggtrain\"\n", strings.ToUpper(roff(name)), date, version)
	fmt.Fprintf(&b, ".SH NAME\n%s \\- %s\n.SH SYNOPSIS\n%s\n.SH DESCRIPTION\n", roff(name), roff(m.Command.Short), roff(m.Command.UseLine()))
	for i, paragraph := range m.Text {
		if i > 0 {
			b.WriteString(".PP\n")
		}
		writeRoff(&b, strings.Split(paragraph, "\n"), strings.HasPrefix(paragraph, "  "))
	}
	title := "OPTIONS"
	if m.Command.HasSubCommands() {
		title = "COMMANDS"
	}
	if len(m.Groups) > 0 {
		fmt.Fprintf(&b, ".SH %s\n", title)
	}
	for _, l := range m.Groups {
		if len(m.Groups) > 1 {
			fmt.Fprintf(&b, ".SS %s\n", roff(l.Title))
		}
		for _, i := range l.Items {
			flag, value, _ := strings.Cut(i.Name, " ")
			fmt.Fprintf(&b, ".TP\n\\fB%s\\fR \\fI%s\\fR\n%s\n", roff(flag), roff(value), roff(i.line()))
		}
	}
	if len(m.Examples) > 0 {
		b.WriteString(".SH EXAMPLES\n")
		writeRoff(&b, m.Examples, true)
	}
	var also []string
	if m.Command.HasParent() {
		also = append(also, manName(m.Command.Parent()))
	}
	for _, c := range m.Command.Commands() {
		also = append(also, manName(c))
	}
	fmt.Fprintf(&b, ".SH SEE ALSO\n.BR %s (1)\n", roff(strings.Join(also, " (1),\n.BR ")))
	return b.String()
}

// writeRoff writes lines that are filled into paragraphs, or shown as they stand.
func writeRoff(b *strings.Builder, lines []string, asTheyStand bool) {
	if asTheyStand {
		b.WriteString(".EX\n")
		defer b.WriteString(".EE\n")
	}
	for _, line := range lines {
		b.WriteString(roff(line) + "\n")
	}
}

// roff is a text that troff prints as it stands.
func roff(text string) string {
	text = strings.NewReplacer(`\`, `\e`, `-`, `\-`).Replace(text)
	if strings.HasPrefix(text, ".") || strings.HasPrefix(text, "'") {
		return `\&` + text
	}
	return text
}
