package main

import (
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
)

var update = flag.Bool("update", false, "write docs/cli or testdata/words instead of comparing them")

// TestPages keeps docs/cli true: a page of Markdown for every command, made of
// what --help is made of. With -update it writes them:
//
//	go test ./cmd/vggtrain -run TestPages -update
func TestPages(t *testing.T) {
	folder := filepath.Join("..", "..", "docs", "cli")
	want := map[string]string{}
	everyCommand(func(cmd *cobra.Command) { want[pageName(cmd)] = markdownPage(newManual(cmd)) })
	if *update {
		if err := errors.Join(os.RemoveAll(folder), os.MkdirAll(folder, 0o755)); err != nil {
			t.Fatal(err)
		}
		for name, text := range want {
			if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	const advice = "go test ./cmd/vggtrain -run TestPages -update writes it"
	present, err := os.ReadDir(folder)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	for _, entry := range present {
		if _, known := want[entry.Name()]; !known {
			t.Errorf("docs/cli/%s is of no command: %s", entry.Name(), advice)
		}
	}
	for name, text := range want {
		got, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			t.Errorf("docs/cli: %v: %s", err, advice)
			continue
		}
		got = []byte(strings.ReplaceAll(string(got), "\r\n", "\n")) // git may write it so
		if diff := cmp.Diff(string(got), text); diff != "" {
			t.Errorf("docs/cli/%s is not what the commands say: %s (-there +made)\n%s", name, advice, diff)
		}
	}
}

// pageName is the file of a command's page; the root's is what shows with the folder.
func pageName(cmd *cobra.Command) string {
	if !cmd.HasParent() {
		return "README.md"
	}
	return strings.Join(strings.Fields(cmd.CommandPath())[1:], "-") + ".md"
}

// markdownPage is the page of a command.
func markdownPage(m manual) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n", m.Command.CommandPath())
	for _, paragraph := range m.Text {
		fmt.Fprintf(&b, "\n%s\n", markdownText(paragraph))
	}
	fmt.Fprintf(&b, "\n```text\n%s\n```\n", m.Command.UseLine())
	if len(m.Examples) > 0 {
		fmt.Fprintf(&b, "\n## Examples\n\n```sh\n%s\n```\n", strings.Join(m.Examples, "\n"))
	}
	for _, l := range m.Groups {
		fmt.Fprintf(&b, "\n## %s\n\n", l.Title)
		if m.Command.HasSubCommands() {
			writeCommandTable(&b, m.Command, l.Items)
		} else {
			writeFlagTable(&b, l.Items)
		}
	}
	if parent := m.Command.Parent(); parent != nil {
		fmt.Fprintf(&b, "\nPart of [%s](%s).\n", parent.CommandPath(), pageName(parent))
	}
	return b.String()
}

func writeCommandTable(b *strings.Builder, cmd *cobra.Command, items []item) {
	b.WriteString("| command | what it does |\n|---|---|\n")
	for _, i := range items {
		c, _, _ := cmd.Find([]string{i.Name})
		fmt.Fprintf(b, "| [%s](%s) | %s |\n", i.Name, pageName(c), markdownText(i.Meaning))
	}
}

func writeFlagTable(b *strings.Builder, items []item) {
	b.WriteString("| flag | default | meaning |\n|---|---|---|\n")
	for _, i := range items {
		fmt.Fprintf(b, "| `%s` | %s | %s |\n", strings.ReplaceAll(i.Name, "|", `\|`), markdownText(i.Default), markdownText(i.Meaning))
	}
}

var (
	special  = strings.NewReplacer(`\`, `\\`, `*`, `\*`, `_`, `\_`, `<`, `&lt;`, `|`, `\|`)
	codeWord = regexp.MustCompile(`--[a-z][a-z-]*( [A-Z]+\b)?|"vggtrain [^"]*"|\b[A-Z]+_[A-Z]+\b`)
)

// markdownText is a text as Markdown: flags, commands and variables as code,
// all else as it stands. Indented text is a block of code.
func markdownText(text string) string {
	if strings.HasPrefix(text, "  ") {
		return "```text\n" + strings.ReplaceAll(strings.TrimPrefix(text, "  "), "\n  ", "\n") + "\n```"
	}
	var b strings.Builder
	for {
		at := codeWord.FindStringIndex(text)
		if at == nil {
			return b.String() + special.Replace(text)
		}
		b.WriteString(special.Replace(text[:at[0]]) + "`" + strings.Trim(text[at[0]:at[1]], `"`) + "`")
		text = text[at[1]:]
	}
}
