package runstate

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"vggtrain/checkpoint"
	"vggtrain/configs"
	"vggtrain/dataset"
	"vggtrain/internal/display"
	"vggtrain/internal/kernel"
	"vggtrain/internal/record"
	"vggtrain/internal/trained"
	"vggtrain/model"
)

// Checkpoint is the content of a checkpoint.bin: all that a run needs to go on.
type Checkpoint struct {
	*trained.Network // without Params
	Path             string
	Settings         *configs.Recipe // of the run
	Progress         *Progress
	Kernel           string // the run's kernels

	state *checkpoint.State // until its tensors are taken
}

// LoadCheckpoint reads the state of a run. It is an error if the digest is missing or wrong, if the
// file holds only weights, or if the state contradicts itself.
func LoadCheckpoint(path string) (*Checkpoint, error) {
	state, err := checkpoint.Read(path)
	if other, ok := errors.AsType[*checkpoint.Error](err); ok && errors.Is(err, checkpoint.ErrNotSafetensors) {
		other.Advice = "give the folder of a run, or its checkpoint.bin"
	}
	if err != nil {
		return nil, err
	}
	nameSlots(state)
	c := &Checkpoint{Path: path, Kernel: state.Metadata[keyKernel], state: state}
	if err := c.parse(); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return c, nil
}

func (c *Checkpoint) parse() (err error) {
	m := c.state.Metadata
	if m[keyProgress] == "" {
		return fmt.Errorf("weights only, no state of a training (%s): give the run's folder or its checkpoint.bin; fit --init begins a new run with these weights", keyProgress)
	}
	if c.Network, err = trained.Describe(c.state); err != nil {
		return err
	}
	given, err := configs.ParseRecipe(trained.KeySettings, []byte(m[trained.KeySettings]))
	if err != nil {
		return err
	}
	c.Settings = given.Over(configs.Defaults())
	if !given.IsSet("resize-mode") { // older files
		c.Settings.Channels = c.Channels
		if err := c.Settings.Set("resize-mode", string(c.Mode), configs.Origin{Source: c.Path}); err != nil {
			return err
		}
	}
	if err := c.Settings.SetNetwork(c.Arch.Name+".yaml", c.Arch, configs.Origin{Source: c.Path}); err != nil {
		return err
	}
	if err := c.Settings.Validate(); err != nil {
		return err
	}
	if text := m[keySources]; text != "" { // older files have none
		var sources map[string]string
		if err := json.Unmarshal([]byte(text), &sources); err != nil {
			return fmt.Errorf("%s: %w", keySources, err)
		}
		c.Settings.SetSources(sources)
	}
	if c.Settings.Channels != c.Channels || c.Settings.ResizeMode != string(c.Mode) || c.Settings.Resize != c.Side || c.Settings.Normalize != c.Normalize || !c.Settings.IsSet("dropout") {
		return fmt.Errorf("%s and %s contradict each other", trained.KeySettings, trained.KeyInput)
	}
	if err := new(configs.Recipe).Set("data", c.DataSpec, configs.Origin{Source: trained.KeyData}); err != nil {
		return fmt.Errorf("%s: %w", trained.KeyData, err)
	}
	if !slices.Contains(kernel.Names, c.Kernel) {
		return fmt.Errorf("%s: unknown kernels %.60q", keyKernel, c.Kernel)
	}
	if _, err := hex.DecodeString(c.DataDigest); err != nil || len(c.DataDigest) != 64 {
		return fmt.Errorf("%s is not 64 hexadecimal digits", trained.KeyDigest)
	}
	if c.Progress, err = DecodeProgress(m[keyProgress], c.Settings.Epochs); err != nil {
		return fmt.Errorf("%s: %w", keyProgress, err)
	}
	return c.checkSlots()
}

// CheckData returns an error unless data are those of the run, by their digest.
func (c *Checkpoint) CheckData(data *dataset.Data) error {
	if data.Pictures() && c.BeforePreparation() {
		return fmt.Errorf("%s: from before pictures were told by their files, so %s cannot be told to be those of the run: begin a new run, with these weights by --init %s",
			c.Path, data.Origin, c.Path)
	}
	switch got := hex.EncodeToString(data.Digest[:]); {
	case got == c.DataDigest:
		return nil
	case data.Spec == c.DataSpec:
		return fmt.Errorf("%s: changed since the run began: their SHA-256 is %.8s…, the run's was %.8s…: put back what they were, or begin a new run with the run's weights, by fit --init %s",
			data.Origin, got, c.DataDigest, display.Name(filepath.Join(filepath.Dir(c.Path), "best.bin")))
	default:
		return fmt.Errorf("%s: not the data that the run was trained on (%s): their SHA-256 is %.8s…, the run's %.8s…: give the folder of those with --data",
			data.Origin, c.DataSpec, got, c.DataDigest)
	}
}

// Check returns an error for a progress that is impossible in a run of these facts.
func (c *Checkpoint) Check(f record.Facts) error {
	if err := c.Progress.Check(f); err != nil {
		return fmt.Errorf("%s: %s: %w", c.Path, keyProgress, err)
	}
	return nil
}

// Restore loads the weights and the optimiser's state.
func (c *Checkpoint) Restore(params model.Params, slots []model.Slot) error {
	if err := params.Load(c.state.Weights()); err != nil {
		return fmt.Errorf("%s: %w", c.Path, err)
	}
	for _, part := range partsOf(nil, slots) {
		part.Import(c.state.Tensor(part.name).Data)
	}
	return nil
}

// takeTensors hands over the tensors of parts, in their order.
func (c *Checkpoint) takeTensors(parts []part) []checkpoint.Tensor {
	var list []checkpoint.Tensor
	for _, part := range parts {
		list = append(list, *c.state.Tensor(part.name))
	}
	c.state = nil
	return list
}

// Notices lists the differences from the run before, if it goes on with these settings and kernels.
func (c *Checkpoint) Notices(settings *configs.Recipe, kernels string) []string {
	var list []string
	if kernels != c.Kernel {
		list = append(list, fmt.Sprintf("the run was trained by %s kernels and goes on with %s: from here on its numbers differ in their last bits", c.Kernel, kernels))
	}
	if c.BeforePreparation() && !c.Garments && strings.Contains(settings.Augment, "crop") {
		list = append(list, "the augmentation crop now moves the prepared images, by a fourteenth of their side: from here on it is not what it was")
	}
	if settings.Epochs != c.Settings.Epochs && settings.Schedule != "constant" {
		list = append(list, fmt.Sprintf("the %s schedule now spans %d epochs, not %d: the learning rates from here on are those of the longer run",
			settings.Schedule, settings.Epochs, c.Settings.Epochs))
	}
	return list
}
