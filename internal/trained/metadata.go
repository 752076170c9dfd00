package trained

import (
	"encoding/json"
	"fmt"

	"vggtrain/model"
)

// Keys of the metadata that describe a network.
const (
	KeyArch      = "vggtrain.arch"        // YAML, as an architecture file
	keyClasses   = "vggtrain.classes"     // JSON list of names
	KeyInput     = "vggtrain.input"       // of one image: 1x1x56x56
	keyNormalize = "vggtrain.normalize"   // none or [mean, deviation]
	KeyData      = "vggtrain.data"        // what was trained on, as --data takes it
	KeyDigest    = "vggtrain.data-sha256" // dataset.Data.Digest, in hexadecimal digits
)

// Metadata returns the network's description, as Describe reads it.
func (n *Network) Metadata() (map[string]string, error) {
	arch, err := n.Arch.YAML()
	if err != nil {
		return nil, err
	}
	classes, err := json.Marshal(n.Classes)
	if err != nil {
		return nil, fmt.Errorf("class names: %w", err)
	}
	return map[string]string{
		KeyArch:      string(arch),
		keyClasses:   string(classes),
		KeyInput:     model.Input{N: 1, C: n.Channels, H: n.Side, W: n.Side}.String(),
		keyNormalize: n.Normalize.String(),
		KeyData:      n.DataSpec,
		KeyDigest:    n.DataDigest,
	}, nil
}
