package main

import (
	"fmt"
	"strings"
	"testing"

	"vggtrain/internal/trained"
)

// The tables of many classes show the worst, say what they leave out, and what is taken for what.
func TestEvalOfManyClasses(t *testing.T) {
	r := evalRecord{Checkpoint: "best.bin", Arch: "net", Split: "test", confused: []trained.Confused{{True: 65535, Predicted: 1, Images: 1234}}}
	for k := range 65536 {
		r.Classes = append(r.Classes, trained.ClassScore{Name: fmt.Sprintf("c%d", k), F1: 1 - float64(k)/1e6})
	}
	var out strings.Builder
	if err := r.write(&out, "photos"); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(out.String(), "\n")
	if len(lines) > 60 || !strings.HasPrefix(lines[4], "c65535 ") || !strings.HasPrefix(lines[43], "c65496 ") ||
		!strings.HasPrefix(lines[44], "and 65,496 more classes") {
		t.Errorf("%d lines:\n%s", len(lines), &out)
	}
	if !strings.Contains(out.String(), "\nclass   taken for  images\nc65535  c1          1,234\n") {
		t.Errorf("the confused classes are not there:\n%s", &out)
	}
}
