// Command _asm writes the assembly of package kernel: go run . ..
package main

import (
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strings"

	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/ir"
	"github.com/mmcloughlin/avo/pass"
	"github.com/mmcloughlin/avo/printer"
)

// asm is one assembly file under construction.
type asm struct{ *build.Context }

func main() {
	if len(os.Args) != 2 {
		log.Fatal("usage: go run . FOLDER-OF-PACKAGE-KERNEL")
	}
	if err := generate(os.Args[1]); err != nil {
		log.Fatal(err)
	}
}

// files are the assembly files that there are, by name without _amd64.s.
var files = []struct {
	name string
	emit func(asm)
}{
	{"tile_avx512", tileAVX512},
	{"tile_avx2", tileAVX2},
	{"vector_avx512", vectorAVX512},
	{"vector_avx2", vectorAVX2},
	{"dropout_avx512", dropoutAVX512},
	{"dropout_avx2", dropoutAVX2},
	{"winograd_avx512", winogradAVX512},
	{"winograd_avx2", winogradAVX2},
	{"narrow_avx512", narrowAVX512},
	{"narrow_avx2", narrowAVX2},
}

// generate writes the files, and the Go declarations of all their functions to stubs_amd64.go.
func generate(dir string) error {
	cfg := printer.Config{Name: "internal/kernel/_asm", Pkg: "kernel", Argv: []string{"go generate", "internal/kernel"}}
	all := new(ir.File)
	for _, f := range files {
		file, err := assemble(f.emit)
		if err != nil {
			return fmt.Errorf("%s: %w", f.name, err)
		}
		if strings.HasPrefix(f.name, "tile_") {
			file.Includes = append(file.Includes, "go_asm.h") // the fields of kernel.tile
		}
		if err := write(filepath.Join(dir, f.name+"_amd64.s"), printer.NewGoAsm(cfg), file); err != nil {
			return err
		}
		all.Constraints = file.Constraints
		all.Sections = append(all.Sections, file.Sections...)
	}
	return write(filepath.Join(dir, "stubs_amd64.go"), printer.NewStubs(cfg), all)
}

// assemble makes a file of what emit emits.
func assemble(emit func(asm)) (*ir.File, error) {
	c := asm{build.NewContext()}
	c.ConstraintExpr("!purego")
	emit(c)
	f, err := c.Result()
	if err != nil {
		return nil, err
	}
	return f, pass.Compile.Execute(f)
}

func write(name string, p printer.Printer, f *ir.File) error {
	text, err := p.Print(f)
	if err != nil {
		return err
	}
	return os.WriteFile(name, text, 0o644)
}
