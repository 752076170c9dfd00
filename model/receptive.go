package model

import "vggtrain/blocks"

// field is a layer's receptive field.
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
// The field is the whole box, including parts outside the image. The field of Linear is the union
// over all outputs before Flatten, clipped to the image.
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

// span is the number of pixels along an axis of [C, H, W] from the first to the last that the outputs
// of layers depend on; layers end in Flatten. It is the region of Araujo, Norris & Sim's equations 3
// and 4, clipped to each layer's input.
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
