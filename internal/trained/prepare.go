package trained

import (
	"encoding/json"
	"fmt"
	"strings"

	"vggtrain/dataset"
)

// prepareRecord is the JSON of keyPrepare. Channels and side are KeyInput's.
type prepareRecord struct {
	Mode     dataset.Mode `json:"mode"`
	Garments bool         `json:"garments"`
}

// prepareText returns the JSON of a preparation.
func prepareText(p dataset.Preparation) (string, error) {
	text, err := json.Marshal(prepareRecord{p.Mode, p.Garments})
	return string(text), err
}

// parsePrepare sets what keyPrepare says of a preparation. Files of before do not have it: fit and
// eval stretched the pictures, which are square in Fashion-MNIST's own files, and predict padded them.
func parsePrepare(p *dataset.Preparation, text, digest string) error {
	if text == "" {
		p.Mode, p.Garments = dataset.Stretch, dataset.IsGarments(digest)
		if p.Garments {
			p.Mode = dataset.Pad
		}
		return nil
	}
	var record prepareRecord
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.DisallowUnknownFields() // which would mean another preparation
	if err := decoder.Decode(&record); err != nil {
		return fmt.Errorf("%s: %w", keyPrepare, err)
	}
	if decoder.More() {
		return fmt.Errorf("%s: more than one value", keyPrepare)
	}
	mode, err := dataset.ParseMode(string(record.Mode))
	if err != nil {
		return fmt.Errorf("%s: mode: %w", keyPrepare, err)
	}
	p.Mode, p.Garments = mode, record.Garments
	return nil
}

// checkPreparation returns an error for a preparation that no fit makes.
func (n *Network) checkPreparation(rows, cols int) error {
	switch {
	case rows != cols:
		return fmt.Errorf("%s: pictures of %d×%d are not supported: they have to be square", KeyInput, cols, rows)
	case n.Channels != 1 && n.Channels != 3:
		return fmt.Errorf("%s: pictures of %d channels are not supported: there must be 1 or 3", KeyInput, n.Channels)
	case n.Normalize.N != 0 && n.Normalize.N != n.Channels:
		return fmt.Errorf("%s: %d channels, but %s has %d", keyNormalize, n.Normalize.N, KeyInput, n.Channels)
	}
	return nil
}
