package runstate

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"

	"vggtrain/internal/display"
	"vggtrain/internal/record"
)

// Encode returns the progress as JSON, for the checkpoint's metadata.
func (p *Progress) Encode() (string, error) {
	data, err := json.Marshal(p)
	if err != nil {
		return "", fmt.Errorf("progress of the run: %w", err)
	}
	return string(data), nil
}

// DecodeProgress is the strict inverse of Encode, for a run of the given number of epochs.
func DecodeProgress(text string, epochs int) (*Progress, error) {
	// An epoch has seven numbers. What the text announces is allocated, however little it takes there.
	if strings.Count(text, ",") > 7*epochs+maxNoticed*maxNoticedBytes+100 {
		return nil, fmt.Errorf("more than a run of %d epochs has", epochs)
	}
	if err := checkKeys(text); err != nil {
		return nil, err
	}
	p := new(Progress)
	d := json.NewDecoder(strings.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(p); err != nil {
		return nil, err
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, errors.New("more than one JSON document")
	}
	if len(p.History) > epochs {
		return nil, fmt.Errorf("a history of %d epochs, of %d", len(p.History), epochs)
	}
	return p, nil
}

// checkKeys refuses repeated top-level keys, ignoring case: encoding/json would take the last.
func checkKeys(text string) error {
	d := json.NewDecoder(strings.NewReader(text))
	if token, err := d.Token(); err != nil || token != json.Delim('{') {
		return errors.New("no JSON object")
	}
	seen := map[string]bool{}
	for d.More() {
		token, err := d.Token()
		if err != nil {
			return err
		}
		key, _ := token.(string)
		if key = strings.ToLower(key); seen[key] {
			return fmt.Errorf("%.60q stands twice", key)
		}
		seen[key] = true
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return err
		}
	}
	return nil
}

// Check returns an error unless counts, sums and history agree and are possible in a run of these
// facts.
func (p *Progress) Check(f record.Facts) error {
	done := len(p.History)
	if p.Partial {
		done--
	}
	switch {
	case p.Epoch < 1 || p.Epoch > f.Epochs+1, p.Batch < 0 || p.Batch > f.StepsPerEpoch,
		p.Epoch > f.Epochs && p.Batch > 0, p.Partial && (p.Batch == 0 || p.Batch == f.StepsPerEpoch):
		return fmt.Errorf("epoch %d, batch %d cannot be in a run of %d epochs of %d batches", p.Epoch, p.Batch, f.Epochs, f.StepsPerEpoch)
	case p.Step != (p.Epoch-1)*f.StepsPerEpoch+p.Batch:
		return fmt.Errorf("step %d cannot be epoch %d, batch %d", p.Step, p.Epoch, p.Batch)
	case p.Images != min(p.Batch*f.BatchSize, f.TrainImages) ||
		p.TrainImages != int64(p.Epoch-1)*int64(f.TrainImages)+int64(p.Images):
		return fmt.Errorf("%d images of the epoch, %d of all, cannot be at epoch %d, batch %d", p.Images, p.TrainImages, p.Epoch, p.Batch)
	case done != p.Epoch-1:
		return fmt.Errorf("a history of %d epochs in epoch %d", len(p.History), p.Epoch)
	case p.LossSum < 0 || p.LossSum > math.MaxFloat32*float64(p.Images) || p.EpochSeconds < 0 || p.TrainSeconds < 0 || p.Seconds < 0 ||
		p.Plateau.Steps < 0 || p.Explosion.Steps < 0 || p.Explosion.Sum < 0 || p.Explosion.Start < 0:
		return errors.New("a sum below 0 or beyond all bounds")
	}
	if err := p.checkNoticed(); err != nil {
		return err
	}
	best := Progress{}
	for i, r := range p.History {
		if r.Epoch != i+1 {
			return fmt.Errorf("epoch %d in the place of epoch %d", r.Epoch, i+1)
		}
		if r.ValAccuracy < 0 || r.ValAccuracy > 1 || r.TrainLoss < 0 || r.ValLoss < 0 || r.LR < 0 || r.ImagesPerSecond < 0 || r.Seconds < 0 {
			return fmt.Errorf("numbers of epoch %d that cannot be", r.Epoch)
		}
		best.improve(r)
	}
	if best.BestEpoch != p.BestEpoch || best.BestValAccuracy != p.BestValAccuracy {
		return fmt.Errorf("the best epoch is said to be %d with %v, the history's is %d with %v",
			p.BestEpoch, p.BestValAccuracy, best.BestEpoch, best.BestValAccuracy)
	}
	return nil
}

// Bounds of the watches' notices: each gives one line, once a run.
const (
	maxNoticed      = 8
	maxNoticedBytes = 1000
)

func (p *Progress) checkNoticed() error {
	if len(p.Noticed) > maxNoticed {
		return fmt.Errorf("%d notices", len(p.Noticed))
	}
	for _, text := range p.Noticed {
		if len(text) > maxNoticedBytes || !display.Printable(text) {
			return fmt.Errorf("a notice that is not one line of text: %.60q", text)
		}
	}
	return nil
}
