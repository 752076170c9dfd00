package model

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"vggtrain/blocks"
)

// Published receptive fields of the last pooling: Araujo, Norris & Sim 2019 give 212 for VGG-16 and
// 195 for AlexNet.
func TestPublishedReceptiveFields(t *testing.T) {
	tests := []struct {
		name   string
		layers []blocks.Layer
		want   int
	}{
		{"vgg16", vgg16.Layers(10), 212},
		{"torchvision AlexNet", torchvisionAlexNet(), 195},
		{"AlexNet", chapterAlexNet(), 195},
	}
	for _, tt := range tests {
		layers, err := ResolveLayers(tt.name, tt.layers, 3, 224, 224)
		if err != nil {
			t.Fatal(err)
		}
		fields := receptiveFields(layers)
		for i, l := range layers {
			if l.Type != "Flatten" {
				continue
			}
			if got, want := fields[i-1], (field{[2]int{tt.want, tt.want}, 32}); got != want {
				t.Errorf("%s: the last pooling has %+v, want %+v", tt.name, got, want)
			}
		}
	}
}

// Whatever the windows, the receptive field is that of outputs whose pixels were followed back one
// by one, and a Linear layer's that of all of them together, within the image.
func TestReceptiveFieldsOfWindows(t *testing.T) {
	draws := rand.New(rand.NewPCG(6, 2))
	for trial := range 200 {
		side := [2]int{20 + draws.IntN(30), 20 + draws.IntN(30)}
		list := randomWindows(draws, side)
		layers, err := ResolveLayers("windows", append(list, blocks.Flatten{}, blocks.Linear{Out: 2}), 1, side[0], side[1])
		if err != nil {
			t.Fatal(err)
		}
		fields := receptiveFields(layers)
		name := fmt.Sprintf("%d: %v on %v", trial, list, side)
		for i := range list {
			one := follow(layers[:i+1], 0, 7, 7, true)
			if got, want := fields[i].size, (extent(one)); got != [2]int{want, want} {
				t.Errorf("%s: layer %d sees %v, want %d", name, i, got, want)
			}
			next := follow(layers[:i+1], 0, 8, 8, true)
			if got, want := fields[i].stride, next[0]-one[0]; got != want {
				t.Errorf("%s: layer %d moves by %d, want %d", name, i, got, want)
			}
		}
		for axis := range side {
			all := follow(layers[:len(list)], axis+1, 0, layers[len(list)].In[axis+1]-1, false)
			if got, want := fields[len(fields)-1].size[axis], extent(all); got != want {
				t.Errorf("%s: Linear sees %d along axis %d, want %d", name, got, axis, want)
			}
		}
	}
}

// randomWindows draws convolutions and poolings that fit an image, with no window in the padding alone.
func randomWindows(draws *rand.Rand, side [2]int) []blocks.Layer {
	var list []blocks.Layer
	for range 1 + draws.IntN(7) {
		var l blocks.Windowed = blocks.MaxPool2d{Kernel: 1 + draws.IntN(3), Stride: 1 + draws.IntN(3)}
		if draws.IntN(2) == 0 {
			kernel := 1 + draws.IntN(5)
			l = blocks.Conv2d{Out: 1, Kernel: kernel, Stride: 1 + draws.IntN(3), Padding: draws.IntN(kernel)}
		}
		next := [2]int{l.Window().Output(side[0]), l.Window().Output(side[1])}
		if min(next[0], next[1]) < 1 {
			break
		}
		list, side = append(list, l), next
	}
	return list
}

// follow lists, in order, the pixels along an axis that outputs first to last of layers depend on;
// with beyond as if there was image wherever there is padding.
func follow(layers []Layer, axis, first, last int, beyond bool) []int {
	var seen []int
	for i := first; i <= last; i++ {
		seen = append(seen, i)
	}
	for i := len(layers) - 1; i >= 0; i-- {
		w := layers[i].Module.(blocks.Windowed).Window()
		var earlier []int
		for _, at := range seen {
			for tap := range w.Kernel {
				pixel := at*w.Stride - w.Padding + tap
				if inside := pixel >= 0 && pixel < layers[i].In[axis]; !inside && !beyond {
					continue
				}
				if len(earlier) == 0 || pixel > earlier[len(earlier)-1] {
					earlier = append(earlier, pixel)
				}
			}
		}
		seen = earlier
	}
	return seen
}

// extent is how far apart the first and the last of pixels stand, counting both.
func extent(pixels []int) int {
	if len(pixels) == 0 {
		return 0
	}
	return pixels[len(pixels)-1] - pixels[0] + 1
}

// Strides multiply: a field that no image could hold is cut, not wrapped round.
func TestReceptiveFieldIsBounded(t *testing.T) {
	var list []blocks.Layer
	for range 20 {
		list = append(list, blocks.Conv2d{Out: 1, Kernel: 1000, Stride: 1000, Padding: 999})
	}
	layers, err := ResolveLayers("far", append(list, blocks.Flatten{}, blocks.Linear{Out: 2}), 1, 1, 1)
	if err != nil {
		t.Fatal(err)
	}
	for i, f := range receptiveFields(layers) {
		if min(f.size[0], f.size[1]) < 0 || f.size[0] > maxField || f.stride < 0 || f.stride > maxField {
			t.Errorf("layer %d: %+v", i, f)
		}
	}
}
