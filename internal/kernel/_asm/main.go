// Command _asm writes the assembly of package kernel: go run . ..
package main

import (
	"log"
	"os"
	"path/filepath"

	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/pass"
	"github.com/mmcloughlin/avo/printer"
)

// asm is one assembly file under construction.
type asm struct{ *build.Context }

func main() {
	if len(os.Args) != 2 {
		log.Fatal("usage: go run . FOLDER-OF-PACKAGE-KERNEL")
	}
	files := map[string]func(asm){
		"dropout_avx512":  dropoutAVX512,
		"dropout_avx2":    dropoutAVX2,
		"narrow_avx512":   narrowAVX512,
		"narrow_avx2":     narrowAVX2,
		"tile_avx512":     tileAVX512,
		"tile_avx2":       tileAVX2,
		"vector_avx512":   vectorAVX512,
		"vector_avx2":     vectorAVX2,
		"winograd_avx512": winogradAVX512,
		"winograd_avx2":   winogradAVX2,
	}
	for name, generate := range files {
		if err := write(os.Args[1], name, generate); err != nil {
			log.Fatalf("%s: %v", name, err)
		}
	}
}

// write makes NAME_amd64.s and its declarations, NAME_stub_amd64.go.
func write(dir, name string, generate func(asm)) error {
	c := asm{build.NewContext()}
	c.ConstraintExpr("!purego")
	generate(c)
	f, err := c.Result()
	if err != nil {
		return err
	}
	if err := pass.Compile.Execute(f); err != nil {
		return err
	}
	cfg := printer.Config{Name: "internal/kernel/_asm", Pkg: "kernel", Argv: []string{"go generate", "internal/kernel"}}
	for file, p := range map[string]printer.Printer{
		name + "_amd64.s":       printer.NewGoAsm(cfg),
		name + "_stub_amd64.go": printer.NewStubs(cfg),
	} {
		text, err := p.Print(f)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, file), text, 0o644); err != nil {
			return err
		}
	}
	return nil
}
