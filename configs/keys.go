package configs

import (
	"strconv"
	"time"

	"vggtrain/dataset"
	"vggtrain/model"
)

// Key describes a setting, for a command to make a flag of it.
type Key struct {
	Name    string // of the flag and in YAML
	Group   string // heading in --help
	Values  string // placeholder of the value in --help, such as N
	Help    string // what it is, for --help
	Default string // as Recipe.Set takes it; "": the architecture decides
	Bool    bool   // the flag alone means true
}

// Keys lists the settings in the order of config.yaml.
func Keys() []Key {
	var list []Key
	for _, k := range keys {
		list = append(list, k.Key)
	}
	return list
}

// kind says what a value looks like in YAML.
type kind int

const (
	kindText   kind = iota // a word or a text, quoted or not
	kindNumber             // not quoted
	kindBool               // true or false, not quoted
	kindMixed              // a number or a word
	kindList               // a word, or a list in brackets
)

// key is a line of the table that flags, YAML both ways and checks are made of.
type key struct {
	Key

	kind kind
	set  func(r *Recipe, text string) error // reads and checks; errors without the key
	text func(r *Recipe) string             // as set takes it
	copy func(dst, src *Recipe)

	// resumed reports whether a resumed run may have another value; nil: none may, as it decides
	// what the steps compute.
	resumed func(run, now *Recipe) bool
}

// MaxEpochs bounds a run's history, which its checkpoint holds whole in a header of limited size.
const MaxEpochs = 10000

var keys = []*key{
	resumable(newKey("Network", "arch", "NAME|FILE.yaml", "vgg11", "network", kindText,
		func(r *Recipe) *Network { return &r.Arch }, "", parseArch, Network.text),
		func(run, now *Recipe) bool { return now.Arch.Name != "" && run.Arch.Name == "" }),
	free(line("Data", "data", "auto|sample|PATH", "auto", "images: folder, zip or CSV file", func(r *Recipe) *string { return &r.Data })),
	free(line("Data", "classes", "FILE", "", "names of the classes, a line each", func(r *Recipe) *string { return &r.Classes })),
	resumable(newKey("Data", "channels", "auto|1|3", "auto", "1: grey, 3: colour", kindMixed,
		func(r *Recipe) *int { return &r.Channels }, "auto, 1 or 3", parseChannels, formatChannels),
		func(_, now *Recipe) bool { return now.Channels == 0 }),
	integer("Data", "resize", "56", "side of the images in pixels", 1, 4096, func(r *Recipe) *int { return &r.Resize }),
	word("Data", "resize-mode", "", "how images become square (default crop)", func(r *Recipe) *string { return &r.ResizeMode }, "crop", "pad", "stretch"),
	resumable(integer("Training", "epochs", "10", "passes over the training set", 1, MaxEpochs, func(r *Recipe) *int { return &r.Epochs }),
		func(run, now *Recipe) bool { return now.Epochs > run.Epochs }),
	integer("Training", "batch-size", "128", "images a step", 1, 65536, func(r *Recipe) *int { return &r.BatchSize }),
	word("Training", "optimizer", "sgd", "optimiser", func(r *Recipe) *string { return &r.Optimizer.Kind }, model.OptimizerKinds()...),
	float("Training", "lr", "0.01", "learning rate", upToThousand, func(r *Recipe) *float64 { return &r.LR }),
	float("Training", "momentum", "0", "momentum of SGD", below1, func(r *Recipe) *float64 { return &r.Optimizer.Momentum }),
	boolean("Training", "nesterov", "false", "Nesterov's momentum", func(r *Recipe) *bool { return &r.Optimizer.Nesterov }),
	float("Regularisation", "weight-decay", "0", "weight decay (L2)", upTo1, func(r *Recipe) *float64 { return &r.Optimizer.WeightDecay }),
	word("Training", "schedule", "constant", "learning rate over the steps", func(r *Recipe) *string { return &r.Schedule }, "constant", "cosine"),
	integer("Training", "warmup-epochs", "0", "epochs of rising learning rate", 0, MaxEpochs, func(r *Recipe) *int { return &r.WarmupEpochs }),
	float("Regularisation", "clip-norm", "0", "greatest norm of the gradient, 0: off", upToMillion, func(r *Recipe) *float64 { return &r.Optimizer.ClipNorm }),
	float("Regularisation", "label-smoothing", "0", "label smoothing of the training loss", below1, func(r *Recipe) *float64 { return &r.LabelSmoothing }),
	float("Regularisation", "dropout", "", "dropout of dense layers (default the network's)", below1, func(r *Recipe) *float64 { return &r.Dropout }),
	resumable(newKey("Data", "augment", "auto|none|flip,crop", "auto", "random changes of training images", kindList,
		func(r *Recipe) *string { return &r.Augment }, "", parseAugment, asIs),
		func(_, now *Recipe) bool { return now.Augment == "auto" }),
	resumable(newKey("Data", "normalize", "none|dataset|imagenet", "none", "by a mean and deviation a channel", kindList,
		func(r *Recipe) *Normalize { return &r.Normalize },
		"none, dataset, imagenet, [mean, deviation] or [[r, g, b], [r, g, b]] of pixels in [0, 1]", parseNormalize, Normalize.String),
		func(run, now *Recipe) bool {
			return now.Normalize.Kind != "none" && now.Normalize.Kind != "given" && run.Normalize.Kind == "given"
		}),
	line("Network", "init", "xavier|kaiming|FILE", "xavier", "initial weights, drawn or read", func(r *Recipe) *string { return &r.Init }),
	newKey("Training", "seed", "N", "0", "seed of all random numbers", kindNumber,
		func(r *Recipe) *uint64 { return &r.Seed }, "a whole number from 0 to 2⁶⁴-1",
		func(s string) (uint64, error) { return strconv.ParseUint(s, 10, 64) },
		func(n uint64) string { return strconv.FormatUint(n, 10) }),
	boolean("Data", "shuffle", "true", "images in random order", func(r *Recipe) *bool { return &r.Shuffle }),
	free(boolean("Data", "strict", "false", "end at the first image that cannot be read", func(r *Recipe) *bool { return &r.Strict })),
	newKey("Data", "val", "auto|test|N|N%", "auto", "which images are scored", kindMixed,
		func(r *Recipe) *dataset.Val { return &r.Val }, "", dataset.ParseVal, dataset.Val.String),
	count("Data", "limit-train", "all", "first N images of the training set", func(r *Recipe) *int { return &r.LimitTrain }),
	count("Data", "limit-val", "all", "first N images of the scored set", func(r *Recipe) *int { return &r.LimitVal }),
	free(count("Limits", "max-steps", "off", "end after N steps", func(r *Recipe) *int { return &r.MaxSteps })),
	free(newKey("Limits", "max-time", "off|D", "off", "end after a time such as 1h30m", kindMixed,
		func(r *Recipe) *time.Duration { return &r.MaxTime }, mustBeTime, parseMaxTime, formatMaxTime)),
	free(count("Limits", "early-stop", "off", "end after N epochs without gain", func(r *Recipe) *int { return &r.EarlyStop })),
	free(count("Output", "checkpoint-every", "epoch", "also save every N steps", func(r *Recipe) *int { return &r.CheckpointEvery })),
	free(boolean("Output", "tensorboard", "false", "event files in the run folder", func(r *Recipe) *bool { return &r.TensorBoard })),
}

// find returns the setting of a name. Errors: *UnknownError.
func find(name string) (*key, error) {
	var names []string
	for _, k := range keys {
		if k.Name == name {
			return k, nil
		}
		names = append(names, k.Name)
	}
	return nil, unknown("setting", name, names)
}
