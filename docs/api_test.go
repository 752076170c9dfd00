package docs_test

import (
	"bytes"
	"fmt"
	"go/importer"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	// A change of these is a change of the test, which would else be cached.
	_ "vggtrain/blocks"
	_ "vggtrain/checkpoint"
	_ "vggtrain/configs"
	_ "vggtrain/dataset"
	_ "vggtrain/model"
)

// library is what another module may import.
var library = []string{"vggtrain/blocks", "vggtrain/checkpoint", "vggtrain/configs", "vggtrain/dataset", "vggtrain/model"}

// Whatever a program of another module is given, it can name: it cannot import our internal
// packages, and need not know Gorgonia.
func TestLibraryNamesNothingInternal(t *testing.T) {
	packages := exported(t)
	if len(packages) != len(library) {
		t.Fatalf("%d packages, want %d", len(packages), len(library))
	}
	aliases := map[*types.TypeName]bool{}
	for _, p := range packages {
		for _, name := range p.Scope().Names() {
			if o, ok := p.Scope().Lookup(name).(*types.TypeName); ok && o.Exported() && o.IsAlias() {
				if named, ok := types.Unalias(o.Type()).(*types.Named); ok {
					aliases[named.Obj()] = true
				}
			}
		}
	}
	for _, p := range packages {
		w := walker{t: t, seen: map[types.Type]bool{}, aliases: aliases}
		for _, name := range p.Scope().Names() {
			if o := p.Scope().Lookup(name); o.Exported() {
				w.walk(p.Path()+"."+name, o.Type())
			}
		}
		if len(w.seen) == 0 {
			t.Errorf("%s exports nothing", p.Path())
		}
	}
}

// exported loads the packages as the compiler has written them.
func exported(t *testing.T) []*types.Package {
	t.Helper()
	var stderr bytes.Buffer
	list := exec.Command("go", append([]string{"list", "-export", "-deps", "-f", "{{.ImportPath}} {{.Export}}"}, library...)...)
	list.Stderr = &stderr
	out, err := list.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, stderr.String())
	}
	files := map[string]string{}
	for line := range strings.Lines(string(out)) {
		path, file, _ := strings.Cut(strings.TrimSpace(line), " ")
		files[path] = file
	}
	lookup := func(path string) (io.ReadCloser, error) {
		if files[path] == "" {
			return nil, fmt.Errorf("no export data of %s", path)
		}
		return os.Open(files[path])
	}
	compiled := importer.ForCompiler(token.NewFileSet(), "gc", lookup)
	var packages []*types.Package
	for _, path := range library {
		p, err := compiled.Import(path)
		if err != nil {
			t.Fatal(err)
		}
		packages = append(packages, p)
	}
	return packages
}

// walker follows the types that an exported name leads to.
type walker struct {
	t       *testing.T
	seen    map[types.Type]bool
	aliases map[*types.TypeName]bool // types of other packages that the library has a name for
}

func (w *walker) walk(at string, typ types.Type) {
	if w.seen[typ] {
		return
	}
	w.seen[typ] = true
	switch typ := typ.(type) {
	case *types.Alias:
		w.walk(at, types.Unalias(typ))
	case *types.Named:
		w.named(at, typ)
		for i := range typ.TypeArgs().Len() {
			w.walk(at, typ.TypeArgs().At(i))
		}
	case *types.Struct:
		for i := range typ.NumFields() {
			if f := typ.Field(i); f.Exported() {
				w.walk(at+"."+f.Name(), f.Type())
			}
		}
	case *types.Interface:
		for i := range typ.NumMethods() {
			if m := typ.Method(i); m.Exported() {
				w.walk(at+"."+m.Name(), m.Type())
			}
		}
	case *types.Signature:
		for _, tuple := range []*types.Tuple{typ.Params(), typ.Results()} {
			for i := range tuple.Len() {
				w.walk(at, tuple.At(i).Type())
			}
		}
	case *types.Map:
		w.walk(at, typ.Key())
		w.walk(at, typ.Elem())
	case interface{ Elem() types.Type }:
		w.walk(at, typ.Elem())
	}
}

// named looks at a type's package, and into the type if it is one of ours.
func (w *walker) named(at string, typ *types.Named) {
	name := typ.Obj()
	if name.Pkg() == nil { // error
		return
	}
	path := name.Pkg().Path()
	ours := strings.HasPrefix(path, "vggtrain/")
	if strings.HasPrefix(path, "gorgonia.org/") || ours && !slices.Contains(library, path) && !w.aliases[name] {
		w.t.Errorf("%s names %s.%s, which is not for other modules", at, path, name.Name())
	}
	if !ours {
		return
	}
	w.walk(at, typ.Underlying())
	for i := range typ.NumMethods() {
		if m := typ.Method(i); m.Exported() {
			w.walk(at+"."+m.Name(), m.Type())
		}
	}
}
