package model

import "vggtrain/blocks"

// field is what a layer's outputs see of the image.
type field struct {
	size   [2]int // height and width, in pixels, of the box that one output depends on
	stride int    // pixels between the boxes of neighbours; 0 where there are none, after Flatten
}

// maxField is the largest receptive field and stride that are told apart, in pixels.
const maxField = 1 << 40

// receptiveFields returns the receptive field of each layer, by the recurrence of Araujo, Norris &
// Sim 2019, "Computing Receptive Fields of Convolutional Neural Networks"
// (doi:10.23915/distill.00021), whose closed form is their equation 2:
//
//	size ← size + (kernel - 1)·stride,  stride ← stride·(the window's)
//
// It is the whole box, whatever of it lies outside the image. An output of Linear depends on all
// that the layers before Flatten see, of which only what is in the image counts.
func receptiveFields(layers []Layer) []field {
	list := make([]field, len(layers))
	now, seen := field{[2]int{1, 1}, 1}, [2]int{}
	for i, layer := range layers {
		if l, ok := layer.Module.(blocks.Windowed); ok {
			w := l.Window()
			for axis := range now.size {
				now.size[axis] = min(now.size[axis]+(w.Kernel-1)*now.stride, maxField)
			}
			now.stride = min(now.stride*w.Stride, maxField)
		}
		switch k := layer.kind(); {
		case k.flattens:
			now.stride = 0
			seen = [2]int{span(layers[:i+1], 1), span(layers[:i+1], 2)}
		case k.mixes:
			now.size = seen
		}
		list[i] = now
	}
	return list
}

// span is how far apart, counting both, the first and the last pixel of an image stand along an
// axis of [C, H, W] that the outputs of layers, which end in Flatten, depend on: the region of
// Araujo, Norris & Sim's equations 3 and 4, cut at the borders of each layer's input.
func span(layers []Layer, axis int) int {
	flatten := &layers[len(layers)-1]
	if len(flatten.In) != 3 {
		return 0
	}
	first, last := 0, flatten.In[axis]-1
	for i := len(layers) - 1; i >= 0; i-- {
		if l, ok := layers[i].Module.(blocks.Windowed); ok {
			w := l.Window()
			first = max(first*w.Stride-w.Padding, 0)
			last = min(last*w.Stride-w.Padding+w.Kernel, layers[i].In[axis]) - 1
			if last < first {
				return 0 // nothing but padding
			}
		}
	}
	return last - first + 1
}
