package listing

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// listOf lists the pictures of a CSV file.
func listOf(t *testing.T, path string) (*List, error) {
	p, err := Open(t.Context(), path, Options{})
	if err != nil {
		return nil, err
	}
	return p.List(p.Tables()[0])
}

func TestList(t *testing.T) {
	const two = `path,label\na.png,cat\nb/c.png,dog\n`
	tests := []struct{ name, csv, want string }{
		{"plain", two, "train a.png=cat b/c.png=dog"},
		{"Windows'", "\ufeff" + `label,path\r\ncat,a.png\r\ndog,b\c.png\r\n`, "train a.png=cat b/c.png=dog"},
		{"quotes, other columns", `id,PATH,x, Label \n1,"a, 1.png",y,"the ""cat"""\n2,b.png,,dog`, `train b.png=dog a, 1.png=the "cat"`},
		{"splits", `split,path,label\nTRAIN,a.png,1\nValidation,b.png,1\ntest,c.png,2\ntrain,d.png,2\nval,e.png,2`,
			"train a.png=1 d.png=2\nval b.png=1 e.png=2\ntest c.png=2"},
		{"sorted as text", `path,label\na,10\nb,9\nc,1`, "train c=1 a=10 b=9"},
		{"outside", `path,label\n../a.png,cat\nDIR/x/b.png,dog\n/y/c.png,dog`, "train ../a.png=cat x/b.png=dog REL=dog"},
		{"in turn", `path,label\na,cat\nb,cat\nc,cat\nd,dog`, "train a=cat d=dog b=cat c=cat"},

		{"one class", `path,label\na,cat`, "error /list.csv: only one class has pictures, cat: there must be two or more; it has 1 row"},
		{"no rows", `path,label\n`, "error /list.csv: no pictures of classes: it has 0 rows"},
		{"no label", `path,label\na,cat\nb,`, "error /list.csv: line 3: an empty class name"},
		{"no path", `path,label\n,cat`, "error /list.csv: line 2: no path"},
		{"bad split", `path,label,split\na,cat,\n`, `error /list.csv: line 2: split "": it must be train, val (valid, validation) or test`},
		{"class of test alone", `path,label,split\na,cat,train\nb,dog,train\nc,fox,test\n`, "error /list.csv, line 4: fox: a class that train does not have: add pictures of it to train, or remove it"},
		{"a letter's case", `path,label,split\na,cat,train\nb,dog,train\nc,Dog,test\n`, "error /list.csv, line 4: Dog: train calls it dog: the two differ in a letter's case; rename one"},
		{"columns", `path,label\na,cat\nb,dog,more\n`, "error /list.csv: line 3: another number of columns than in line 1"},
		{"open quote", `path,label\na,"cat\nb,dog\n`, `error /list.csv: line 3, column 7: no sound CSV (extraneous or missing " in quoted-field)`},
		{"control character", "path,label\\na,c\x07t\\n", "error /list.csv: line 2: a class name with a control character: rename it"},
	}
	for _, test := range tests {
		dir := t.TempDir()
		plant(t, dir, "list.csv = "+strings.ReplaceAll(strings.ReplaceAll(test.csv, "DIR", dir), `\r`, "\r"))
		l, err := listOf(t, filepath.Join(dir, "list.csv"))
		got := show(l, err, dir)
		outside, err := filepath.Rel(dir, filepath.FromSlash("/y/c.png"))
		if err != nil { // on Windows
			outside = "/y/c.png"
		}
		if diff := cmp.Diff(strings.ReplaceAll(test.want, "REL", filepath.ToSlash(outside)), got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
	}
}

func TestFormOf(t *testing.T) {
	for header, want := range map[string]Form{
		"path,label": Paths, " Label ,x,PATH": Paths, "label,pixel1,pixel2,pixel3,pixel4": Pixels, "label,1x1": Pixels, "Label,pixel0": Pixels,
		"5,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,255": Pixels, "5,0,0,0,0": NoForm, "label,name": NoForm, "label,p1,p2": NoForm,
		"pixel0,pixel1": NoForm, "id,label": NoForm, "a": NoForm, "": NoForm, "label": NoForm, "path,class": NoForm,
	} {
		if got := FormOf(strings.Split(header, ",")); got != want {
			t.Errorf("%s: %d, want %d", header, got, want)
		}
	}
}

func TestNoTable(t *testing.T) {
	dir := plant(t, t.TempDir(), `list.csv = id,file name,a,b,c\n`)
	p, err := Open(t.Context(), filepath.Join(dir, "list.csv"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	form, header, err := p.FormOfTable("list.csv")
	if form != NoForm || err != nil {
		t.Errorf("form %d, %v", form, err)
	}
	want := filepath.Join(dir, "list.csv") + `: columns id, "file name", a, b and more: a list has the columns path and label, and perhaps split; Kaggle's form has label, pixel1 and so on`
	if got := p.NoTable("list.csv", header).Error(); got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// A file that is nearly of a known form is told what is wrong with it.
func TestNoTableMistakes(t *testing.T) {
	many := func(cell string) string { return strings.Repeat(","+cell, 50) }
	for header, want := range map[string]string{
		"path;label":             "semicolons between its columns",
		"path\tlabel":            "tabs between its columns",
		"a/1.png,cat":            "begin the file with a line as path,label",
		"label" + many("pixel1"): "50 columns of pixels: images must be grey and square",
		"7" + many("0"):          "50 columns of pixels: images must be grey and square",
		"id,pixel":               "columns id and pixel: a list has the columns",
		"label,price,colour":     "columns label, price and colour: a list has the columns",
	} {
		dir := t.TempDir()
		p, err := Open(t.Context(), dir, Options{})
		if err != nil {
			t.Fatal(err)
		}
		got := p.NoTable("list.csv", strings.Split(header, ",")).Error()
		if !strings.HasPrefix(got, filepath.Join(dir, "list.csv")+": ") || !strings.Contains(got, want) || strings.Contains(got, "\n") {
			t.Errorf("%.20s: %s, want %s", header, got, want)
		}
	}
}
