package runstate

import (
	"path/filepath"
	"testing"

	"vggtrain/checkpoint"
	"vggtrain/internal/trained"
)

func TestPeek(t *testing.T) {
	const arch = "name: mine\nblocks: [[1, 8]]\nhidden: [16]\n"
	tests := []struct {
		name     string
		metadata map[string]string
		want     string
	}{
		{"best.bin", map[string]string{trained.KeyArch: arch, keyEpoch: "3", keyAccuracy: "0.91234"}, "mine, epoch 3, accuracy 0.9123"},
		{"checkpoint.bin", map[string]string{trained.KeyArch: arch, trained.KeySettings: "epochs: 10\n",
			keyProgress: `{"epoch":3,"best_val_accuracy":0.5,"history":[{"epoch":1},{"epoch":2}]}`}, "mine, 2 of 10 epochs, accuracy 0.5000"},
		{"first epoch", map[string]string{trained.KeyArch: arch, trained.KeySettings: "epochs: 10\n", keyProgress: `{"epoch":1,"history":null}`}, "mine, 0 of 10 epochs"},
		{"no network", map[string]string{keyEpoch: "3"}, ""},
		{"no settings", map[string]string{trained.KeyArch: arch, trained.KeySettings: "epochs: x\n", keyProgress: `{}`}, ""},
		{"no progress", map[string]string{trained.KeyArch: arch, trained.KeySettings: "epochs: 10\n", keyProgress: `{`}, ""},
	}
	for _, test := range tests {
		path := filepath.Join(t.TempDir(), "x.bin")
		if err := checkpoint.Write(path, &checkpoint.State{Metadata: test.metadata}); err != nil {
			t.Fatal(err)
		}
		got, err := Peek(path)
		if err != nil && test.want == "" {
			continue
		}
		if err != nil || got.String() != test.want {
			t.Errorf("%s: %q, %v; want %q", test.name, got, err, test.want)
		}
	}
}
