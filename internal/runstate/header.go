package runstate

import (
	"encoding/json"
	"fmt"
	"strconv"

	"vggtrain/checkpoint"
	"vggtrain/configs"
	"vggtrain/internal/trained"
	"vggtrain/model"
)

// Header is what a checkpoint.bin or best.bin says of itself in its first bytes. Nothing of it
// is checked: it is for listings.
type Header struct {
	Arch     string
	Epochs   int     // done; of a best.bin: which epoch's weights it holds
	Of       int     // planned epochs; 0: the file is a best.bin
	Accuracy float64 // the best so far; 0: none yet
}

// Peek reads the header of a file, whose length does not matter. An error tells that it is not
// a file of a run.
func Peek(path string) (Header, error) {
	metadata, err := checkpoint.Peek(path)
	if err != nil {
		return Header{}, err
	}
	arch, err := model.ParseArch(trained.KeyArch, []byte(metadata[trained.KeyArch]))
	if err != nil {
		return Header{}, fmt.Errorf("%s: %w", path, err)
	}
	h := Header{Arch: arch.Name}
	if metadata[keyProgress] == "" {
		h.Epochs, _ = strconv.Atoi(metadata[keyEpoch])
		h.Accuracy, _ = strconv.ParseFloat(metadata[keyAccuracy], 64)
		return h, nil
	}
	settings, err := configs.ParseRecipe(keySettings, []byte(metadata[keySettings]))
	if err != nil {
		return Header{}, fmt.Errorf("%s: %w", path, err)
	}
	h.Of = settings.Epochs
	var p struct {
		Best    float64    `json:"best_val_accuracy"`
		History []struct{} `json:"history"`
	}
	if err := json.Unmarshal([]byte(metadata[keyProgress]), &p); err != nil {
		return Header{}, fmt.Errorf("%s: %s: %w", path, keyProgress, err)
	}
	h.Epochs, h.Accuracy = len(p.History), p.Best
	return h, nil
}

// String says it in one line: vgg11-small, 7 of 10 epochs, accuracy 0.9255.
func (h Header) String() string {
	text := fmt.Sprintf("%s, epoch %d", h.Arch, h.Epochs)
	if h.Of > 0 {
		text = fmt.Sprintf("%s, %d of %d epochs", h.Arch, h.Epochs, h.Of)
	}
	if h.Accuracy > 0 {
		text += fmt.Sprintf(", accuracy %.4f", h.Accuracy)
	}
	return text
}
