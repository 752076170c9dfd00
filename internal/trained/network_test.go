package trained

import (
	"encoding/hex"
	"errors"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"

	"vggtrain/checkpoint"
	"vggtrain/configs"
	"vggtrain/dataset"
	"vggtrain/model"
)

// write writes a small network's weights, all zero, and returns the file's path.
func write(t *testing.T) string {
	t.Helper()
	n := &Network{
		Arch: model.NewVGG("tiny", [][2]int{{1, 4}, {1, 8}}, []int{16}, 0), Classes: dataset.Classes,
		Preparation: dataset.Preparation{Channels: 1, Side: 8, Mode: dataset.Pad, Garments: true},
		Normalize:   configs.NormalizeBy([]float64{0.25}, []float64{0.5}),
	}
	metadata, err := n.Metadata()
	if err != nil {
		t.Fatal(err)
	}
	layers, err := model.Resolve(n.Arch, 1, n.Side, n.Side, len(n.Classes))
	if err != nil {
		t.Fatal(err)
	}
	params, err := model.NewParams(layers)
	if err != nil {
		t.Fatal(err)
	}
	state := &checkpoint.State{Metadata: metadata}
	for _, p := range params {
		state.Tensors = append(state.Tensors, checkpoint.Tensor{Name: p.Name, Shape: p.Shape, Data: make([]float32, p.Len())})
	}
	path := filepath.Join(t.TempDir(), "best.bin")
	if err := checkpoint.Write(path, state); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestLoadErrors(t *testing.T) {
	whole := write(t)
	if _, err := Load(filepath.Join(t.TempDir(), "none.bin")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing file: %v", err)
	}
	for name, c := range map[string]struct {
		change func(*checkpoint.State)
		want   string
	}{
		"no architecture": {func(s *checkpoint.State) { delete(s.Metadata, KeyArch) }, "no vggtrain.arch in its metadata"},
		"wrong key":       {func(s *checkpoint.State) { s.Metadata[KeyArch] += "depth: 3\n" }, "depth"},
		"classes":         {func(s *checkpoint.State) { s.Metadata[keyClasses] = "ten" }, "vggtrain.classes: not a list"},
		"fewer classes":   {func(s *checkpoint.State) { s.Metadata[keyClasses] = `["a","b"]` }, "weights of another network"},
		"input":           {func(s *checkpoint.State) { s.Metadata[KeyInput] = "1x1x8" }, "vggtrain.input"},
		"two channels":    {func(s *checkpoint.State) { s.Metadata[KeyInput] = "1x2x8x8" }, "1 or 3"},
		"not square":      {func(s *checkpoint.State) { s.Metadata[KeyInput] = "1x1x8x9" }, "square"},
		"colours":         {func(s *checkpoint.State) { s.Metadata[KeyInput] = "1x3x8x8" }, "vggtrain.normalize: 1 channels, but vggtrain.input has 3"},
		"no mode":         {func(s *checkpoint.State) { s.Metadata[keyPrepare] = `{"garments":true}` }, "vggtrain.prepare: mode: must be crop or pad or stretch"},
		"unknown mode":    {func(s *checkpoint.State) { s.Metadata[keyPrepare] = `{"mode":"fit"}` }, "vggtrain.prepare: mode"},
		"unknown step":    {func(s *checkpoint.State) { s.Metadata[keyPrepare] = `{"mode":"pad","blur":2}` }, "vggtrain.prepare: "},
		"no JSON":         {func(s *checkpoint.State) { s.Metadata[keyPrepare] = "pad" }, "vggtrain.prepare: "},
		"two values":      {func(s *checkpoint.State) { s.Metadata[keyPrepare] = `{"mode":"pad"}{}` }, "vggtrain.prepare: more than one"},
		"too small":       {func(s *checkpoint.State) { s.Metadata[KeyInput] = "1x1x2x2" }, "at least 4"},
		"normalisation":   {func(s *checkpoint.State) { s.Metadata[keyNormalize] = "[0, 0]" }, "normalize"},
		"another network": {func(s *checkpoint.State) {
			s.Metadata[KeyArch] = strings.ReplaceAll(s.Metadata[KeyArch], "[1, 8]", "[2, 8]")
		}, "weights of another network"},
		"enormous network": {func(s *checkpoint.State) {
			s.Metadata[KeyArch] = strings.ReplaceAll(s.Metadata[KeyArch], "[16]", "[65536]")
		}, "weights of another network"},
	} {
		t.Run(name, func(t *testing.T) {
			state, err := checkpoint.Read(whole)
			if err != nil {
				t.Fatal(err)
			}
			c.change(state)
			path := filepath.Join(t.TempDir(), "changed.bin")
			if err := checkpoint.Write(path, state); err != nil {
				t.Fatal(err)
			}
			_, err = Load(path)
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), path) || strings.Contains(err.Error(), "\n") {
				t.Errorf("error %v, want one line that begins with the path and has %q", err, c.want)
			}
		})
	}
}

// What a network's input is made of is read as it was written; a file of before says it by its data.
func TestPreparation(t *testing.T) {
	state, err := checkpoint.Read(write(t))
	if err != nil {
		t.Fatal(err)
	}
	sample, err := dataset.Sample()
	if err != nil {
		t.Fatal(err)
	}
	n, err := Describe(state)
	if want := (dataset.Preparation{Channels: 1, Side: 8, Mode: dataset.Pad, Garments: true}); err != nil || n.Preparation != want {
		t.Fatalf("%+v, %v; want %+v", n, err, want)
	}
	for _, mode := range dataset.Modes {
		for _, garments := range []bool{true, false} {
			n.Mode, n.Garments = mode, garments
			if state.Metadata, err = n.Metadata(); err != nil {
				t.Fatal(err)
			}
			if got, err := Describe(state); err != nil || got.Preparation != n.Preparation {
				t.Errorf("%+v, %v; want %+v", got, err, n.Preparation)
			}
		}
	}
	delete(state.Metadata, keyPrepare)
	for digest, want := range map[string]dataset.Preparation{
		hex.EncodeToString(sample.Digest[:]): {Channels: 1, Side: 8, Mode: dataset.Pad, Garments: true},
		strings.Repeat("ab", 32):             {Channels: 1, Side: 8, Mode: dataset.Stretch},
		"":                                   {Channels: 1, Side: 8, Mode: dataset.Stretch},
	} {
		state.Metadata[KeyDigest] = digest
		if got, err := Describe(state); err != nil || got.Preparation != want {
			t.Errorf("data %.8s: %+v, %v; want %+v", digest, got, err, want)
		}
	}
}
