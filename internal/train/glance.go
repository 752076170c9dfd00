package train

import (
	"encoding/json"
	"fmt"
	"strconv"

	"vggtrain/checkpoint"
	"vggtrain/configs"
	"vggtrain/internal/trained"
	"vggtrain/model"
)

// Glance is what a checkpoint.bin or best.bin says of itself in its first bytes. Nothing is
// checked, it is for listings.
type Glance struct {
	Arch     string
	Epochs   int     // done; of a best.bin: which epoch's weights it holds
	Of       int     // epochs that the run shall have; 0: the file is a best.bin
	Accuracy float64 // the best so far; 0: none yet
}

// LookAt reads a glance of a file, whose length does not matter. An error tells that it is not
// a file of a run.
func LookAt(path string) (Glance, error) {
	metadata, err := checkpoint.Peek(path)
	if err != nil {
		return Glance{}, err
	}
	arch, err := model.ParseArch(trained.KeyArch, []byte(metadata[trained.KeyArch]))
	if err != nil {
		return Glance{}, fmt.Errorf("%s: %w", path, err)
	}
	g := Glance{Arch: arch.Name}
	if metadata[keyProgress] == "" {
		g.Epochs, _ = strconv.Atoi(metadata[keyEpoch])
		g.Accuracy, _ = strconv.ParseFloat(metadata[keyAccuracy], 64)
		return g, nil
	}
	settings, err := configs.ParseRecipe(keySettings, []byte(metadata[keySettings]))
	if err != nil {
		return Glance{}, fmt.Errorf("%s: %w", path, err)
	}
	g.Of = settings.Epochs
	var p struct {
		Best    float64    `json:"best_val_accuracy"`
		History []struct{} `json:"history"`
	}
	if err := json.Unmarshal([]byte(metadata[keyProgress]), &p); err != nil {
		return Glance{}, fmt.Errorf("%s: %s: %w", path, keyProgress, err)
	}
	g.Epochs, g.Accuracy = len(p.History), p.Best
	return g, nil
}

// String says it in one line: vgg11-small, 7 of 10 epochs, accuracy 0.9255.
func (g Glance) String() string {
	text := fmt.Sprintf("%s, epoch %d", g.Arch, g.Epochs)
	if g.Of > 0 {
		text = fmt.Sprintf("%s, %d of %d epochs", g.Arch, g.Epochs, g.Of)
	}
	if g.Accuracy > 0 {
		text += fmt.Sprintf(", accuracy %.4f", g.Accuracy)
	}
	return text
}
