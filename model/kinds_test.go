package model

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vggtrain/blocks"
)

// A layer of package blocks without an entry in kinds cannot be trained or written in a file.
func TestKinds(t *testing.T) {
	var got []string
	for _, k := range kinds {
		got = append(got, blocks.Type(k.layer))
	}
	want := layerTypes(t)
	slices.Sort(got)
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("types of blocks with a method Output of shapes, and kinds (-want +got):\n%s", diff)
	}
}

// layerTypes lists the types of package blocks that are layers, without those embedded in others.
func layerTypes(t *testing.T) (layers []string) {
	t.Helper()
	names, err := filepath.Glob("../blocks/*.go")
	if err != nil {
		t.Fatal(err)
	}
	embedded, has := map[string][]string{}, map[string]bool{} // by type: those in it; has Output itself
	for _, name := range names {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.FuncDecl:
				if n.Recv != nil && n.Name.Name == "Output" {
					_, ofShape := n.Type.Params.List[0].Type.(*ast.ArrayType)
					has[typeName(n.Recv.List[0].Type)] = ofShape
				}
			case *ast.TypeSpec:
				embedded[n.Name.Name] = nil
				if s, ok := n.Type.(*ast.StructType); ok {
					for _, f := range s.Fields.List {
						if f.Names == nil {
							embedded[n.Name.Name] = append(embedded[n.Name.Name], typeName(f.Type))
						}
					}
				}
			}
			return true
		})
	}
	for name, parts := range embedded {
		part := false
		for _, others := range embedded {
			part = part || slices.Contains(others, name)
		}
		if !part && (has[name] || slices.ContainsFunc(parts, func(p string) bool { return has[p] })) {
			layers = append(layers, name)
		}
	}
	return layers
}

// typeName returns the name of a type or of what it points to.
func typeName(x ast.Expr) string {
	if star, ok := x.(*ast.StarExpr); ok {
		x = star.X
	}
	if name, ok := x.(*ast.Ident); ok {
		return name.Name
	}
	return ""
}
