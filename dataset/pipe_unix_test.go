//go:build unix

package dataset

import (
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// A pipe in place of a picture, to which nobody will ever write, is not waited for. One of another name
// is left out.
func TestPipes(t *testing.T) {
	for _, name := range []string{"train/dog/p.png", "train/emu", "test/cat/a.txt"} {
		dir := twoClasses(t).write(t)
		if err := syscall.Mkfifo(filepath.Join(dir, name), 0o600); err != nil {
			t.Skip(err)
		}
		r, err := Verify(t.Context(), OpenOptions{Spec: dir}, nil)
		if err != nil {
			t.Fatal(err)
		}
		var want []string
		if strings.HasSuffix(name, ".png") {
			want = []string{filepath.Join(dir, name) + ": not a regular file"}
		}
		if diff := cmp.Diff(want, r.Unreadable, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}
