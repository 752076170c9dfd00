package model

import (
	"fmt"
	"strconv"

	"vggtrain/blocks"
)

// Bounds of a network, checked before anything is allocated.
const (
	maxElements = 1 << 31 // numbers in all parameters, and in one image's activation
	maxMACs     = 1 << 52 // of a batch: its FLOPs, twice that, are still exact in JSON
)

// Layer is a layer at its place in a network, with name, shapes and parameters.
type Layer struct {
	Module  blocks.Layer
	Name    string // torchvision's: features.0, flatten, classifier.0
	Type    string // PyTorch's: Conv2d
	In, Out []int  // shapes without the batch: [C, H, W] or [F]
	Specs   []ParamSpec
	Params  int64 // elements of the learned parameters
	MACs    int64 // multiply-adds for one image
}

// ParamSpec describes a parameter of a network. Name includes the layer's: features.0.weight.
type ParamSpec struct {
	blocks.Param
	positions int // of a weight, for each input channel: kernel taps, or the pixels that Flatten laid out; else 1
}

// Len is the number of elements.
func (s *ParamSpec) Len() int { return blocks.Size(s.Shape) }

func (l *Layer) kind() *kind { return kindFor(l.Module) }

// Resolve lists the layers of a for images of C×H×W and the given number of classes. It fails if
// sizes are out of bounds, if images are too small for the poolings, or if the network would have
// more than 2³¹ parameters.
func Resolve(a *Arch, c, h, w, classes int) ([]Layer, error) {
	if err := a.check(); err != nil {
		return nil, err
	}
	if err := classBound.size(classes); err != nil {
		return nil, err
	}
	return ResolveLayers(a.Name, a.Layers(classes), c, h, w)
}

// ResolveLayers is like Resolve, for any list of layers; errors call it network.
func ResolveLayers(network string, list []blocks.Layer, c, h, w int) ([]Layer, error) {
	for i, n := range []int{c, h, w} {
		if err := inputBounds[i+1].size(n); err != nil {
			return nil, fmt.Errorf("input %dx%dx%d: %w", c, h, w, err)
		}
	}
	if _, ok := bounded(maxElements, []int{c, h, w}); !ok {
		return nil, fmt.Errorf("input %dx%dx%d has more than %d numbers an image; use a smaller input", c, h, w, maxElements)
	}
	if err := checkSide(network, list, h, w); err != nil {
		return nil, err
	}
	r := resolver{group: "features", shape: []int{c, h, w}, positions: 1}
	layers := make([]Layer, 0, len(list))
	for _, l := range list {
		layer, err := r.next(l)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", network, err)
		}
		layers = append(layers, layer)
	}
	return layers, nil
}

// resolver walks a list of layers.
type resolver struct {
	group     string // features, classifier
	index     int    // of the next layer in its group
	shape     []int  // of the next layer's input
	positions int    // pixels a channel that the last Flatten laid out, until a Linear mixes them
	elements  int64  // of the parameters so far
	macs      int64
}

func (r *resolver) next(l blocks.Layer) (Layer, error) {
	layer := Layer{Module: l, Type: blocks.Type(l), In: r.shape, Name: fmt.Sprintf("%s.%d", r.group, r.index)}
	r.index++
	k := layer.kind()
	if k.flattens {
		layer.Name = "flatten"
		r.group, r.index = "classifier", 0
		if len(r.shape) == 3 {
			r.positions = r.shape[1] * r.shape[2]
		}
	}
	out, err := l.Output(r.shape)
	if err != nil {
		return Layer{}, fmt.Errorf("%s: %w", layer.Name, err)
	}
	layer.Out, r.shape = out, out
	if _, ok := bounded(maxElements, out); !ok {
		return Layer{}, fmt.Errorf("an image has shape %v after %s, more than %d numbers; use fewer channels or a smaller input",
			out, layer.Name, maxElements)
	}
	err = r.specify(&layer)
	if k.mixes {
		r.positions = 1
	}
	return layer, err
}

// specify gives the layer its parameters and counts.
func (r *resolver) specify(layer *Layer) error {
	params := layer.Module.Params(layer.In)
	positions := int64(blocks.Size(layer.Out) / layer.Out[0])
	for _, p := range params {
		elements, ok := bounded(maxElements, p.Shape)
		r.elements += elements
		if !ok || r.elements > maxElements {
			return fmt.Errorf("more than %d parameters up to %s, whose %s is %v; use fewer channels, hidden features or a smaller input",
				maxElements, layer.Name, params[0].Name, params[0].Shape)
		}
		if !p.Running {
			layer.Params += elements
		}
		spec := ParamSpec{p, 1}
		spec.Name = layer.Name + "." + p.Name
		if p.Init.Role == blocks.Weight {
			layer.MACs += elements * positions // below 2⁶²
			if spec.positions = r.positions; len(p.Shape) > 2 {
				spec.positions = blocks.Size(p.Shape[2:])
			}
		}
		layer.Specs = append(layer.Specs, spec)
	}
	r.macs += layer.MACs
	if layer.MACs > maxMACs || r.macs > maxMACs {
		return fmt.Errorf("more than %d multiply-adds an image up to %s; use fewer channels or a smaller input", maxMACs, layer.Name)
	}
	return nil
}

// checkSide returns an error for an image too small for the windows of the layers, or nil.
func checkSide(network string, list []blocks.Layer, h, w int) error {
	need, poolings, shrinking := 1, 0, false
	for i := len(list) - 1; i >= 0; i-- {
		windowed, ok := list[i].(blocks.Windowed)
		if !ok {
			continue
		}
		window := windowed.Window()
		if kindFor(windowed).part != convolutions {
			poolings++
		} else if window.Input(1<<20) > 1<<20 {
			shrinking = true
		}
		need = min(window.Input(need), maxSide+1)
	}
	if min(h, w) >= need {
		return nil
	}
	count := strconv.Itoa(poolings)
	if words := []string{"no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"}; poolings < len(words) {
		count = words[poolings]
	}
	who := fmt.Sprintf("%s's %s poolings need", network, count)
	if shrinking {
		who = network + "'s convolutions and poolings need"
	} else if poolings == 1 {
		who = network + "'s one pooling needs"
	}
	if need > maxSide {
		return fmt.Errorf("input %dx%d is too small: %s more than %d, the largest input; use fewer of them", h, w, who, maxSide)
	}
	return fmt.Errorf("input %dx%d is too small: %s at least %d", h, w, who, need)
}

// bounded multiplies positive sizes and reports whether the product is at most limit; if not,
// the product so far.
func bounded(limit int64, sizes []int) (int64, bool) {
	n := int64(1)
	for _, s := range sizes {
		if int64(s) > limit/n {
			return n, false
		}
		n *= int64(s)
	}
	return n, true
}
