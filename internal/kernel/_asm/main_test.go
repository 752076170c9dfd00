package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/mmcloughlin/avo/ir"
)

// What is committed is what the generator makes: no file differs, none is left over.
func TestCommittedFiles(t *testing.T) {
	dir := t.TempDir()
	if err := generate(dir); err != nil {
		t.Fatal(err)
	}
	made, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range made {
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(filepath.Join("..", filepath.Base(file))); err != nil || string(got) != string(want) {
			t.Errorf("%s is not what the generator makes (%v): run go generate in internal/kernel", filepath.Base(file), err)
		}
	}
	committed, err := filepath.Glob("../*_amd64.s")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range committed {
		if !slices.Contains(made, filepath.Join(dir, filepath.Base(file))) {
			t.Errorf("%s is no longer generated: remove it", filepath.Base(file))
		}
	}
}

// Every function that stores past the caches fences before it returns, wherever it does.
func TestStreamedStoresAreFenced(t *testing.T) {
	found := 0
	for _, f := range files {
		file, err := assemble(f.emit)
		if err != nil {
			t.Fatal(err)
		}
		for _, function := range file.Functions() {
			opcodes := opcodesOf(function)
			if !slices.ContainsFunc(opcodes, func(o string) bool { return strings.HasPrefix(o, "VMOVNT") }) {
				continue
			}
			found++
			end := []string{"CMPB", "JE", "SFENCE", "VZEROUPPER", "RET"}
			for i, o := range opcodes {
				if o == "RET" && !slices.Equal(opcodes[max(0, i+1-len(end)):i+1], end) {
					t.Errorf("%s returns without a fence", function.Name)
				}
			}
		}
	}
	if found != 12 {
		t.Errorf("%d functions store past the caches: six were written, for two instruction sets each", found)
	}
}

func opcodesOf(f *ir.Function) []string {
	var opcodes []string
	for _, i := range f.Instructions() {
		opcodes = append(opcodes, i.Opcode)
	}
	return opcodes
}
