package main

import (
	"strings"
	"testing"

	"github.com/dustin/go-humanize"
	"github.com/google/go-cmp/cmp"
)

func TestTable(t *testing.T) {
	table := &table{columns: []column{{"class", false}, {"f1", true}, {"note", false}}}
	table.add("Trouser", "0.9", "")
	table.add("Mütze", "10.25", "few")
	var out strings.Builder
	if err := table.write(&out); err != nil {
		t.Fatal(err)
	}
	want := "class       f1  note\n" +
		"Trouser    0.9\n" +
		"Mütze    10.25  few\n"
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestSheetCSVIsHarmless(t *testing.T) {
	s := &sheet{records: [][]string{{"arch", "params"}, {"=cmd|' /C calc'!A0", "-1"}}}
	var out strings.Builder
	if err := s.write(&out, "csv"); err != nil {
		t.Fatal(err)
	}
	if want := "arch,params\n'=cmd|' /C calc'!A0,-1\n"; out.String() != want {
		t.Errorf("%q, want %q", out.String(), want)
	}
}

func TestGrouped(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1,000", -1000: "-1,000", -999: "-999", 128806154: "128,806,154"} {
		if got := humanize.Comma(n); got != want {
			t.Errorf("%d: %s, want %s", n, got, want)
		}
	}
}
