package model

import (
	"slices"
	"testing"

	"vggtrain/blocks"
)

// The networks whose numbers are known. VGG: Simonyan & Zisserman 2015, table 1.
var (
	vgg11      = vgg("vgg11", [2]int{1, 64}, [2]int{1, 128}, [2]int{2, 256}, [2]int{2, 512}, [2]int{2, 512})
	vgg13      = vgg("vgg13", [2]int{2, 64}, [2]int{2, 128}, [2]int{2, 256}, [2]int{2, 512}, [2]int{2, 512})
	vgg16      = vgg("vgg16", [2]int{2, 64}, [2]int{2, 128}, [2]int{3, 256}, [2]int{3, 512}, [2]int{3, 512})
	vgg19      = vgg("vgg19", [2]int{2, 64}, [2]int{2, 128}, [2]int{4, 256}, [2]int{4, 512}, [2]int{4, 512})
	vgg11Small = vgg("vgg11-small", [2]int{1, 16}, [2]int{1, 32}, [2]int{2, 64}, [2]int{2, 128}, [2]int{2, 128})
)

func vgg(name string, list ...[2]int) *Arch {
	return NewVGG(name, list, []int{4096, 4096}, 0.5)
}

// configurationC is the paper's: 1×1 convolutions end blocks 3 to 5.
func configurationC(classes int) []blocks.Layer {
	layers := append(blocks.VGGBlock(2, 64), blocks.VGGBlock(2, 128)...)
	for _, channels := range []int{256, 512, 512} {
		block := blocks.VGGBlock(3, channels)
		block[4] = blocks.Conv2d{Out: channels, Kernel: 1, Stride: 1}
		layers = append(layers, block...)
	}
	return append(layers, blocks.Classifier([]int{4096, 4096}, blocks.Dropout{P: 0.5}, blocks.Linear{Out: classes})...)
}

// configurationLRN is the paper's A-LRN.
func configurationLRN() []blocks.Layer {
	return slices.Insert(vgg11.Layers(10), 2, blocks.Layer(blocks.LocalResponseNorm{Size: 5, Alpha: 0.0005, Beta: 0.75, K: 2}))
}

// alexNet takes the first two convolutions' shapes and the others' channels: the chapter's and
// torchvision's differ there.
func alexNet(first, second blocks.Conv2d, channels [3]int, classes int) []blocks.Layer {
	pool := blocks.MaxPool2d{Kernel: 3, Stride: 2}
	layers := []blocks.Layer{first, blocks.ReLU{}, pool, second, blocks.ReLU{}, pool}
	for _, c := range channels {
		layers = append(layers, blocks.Conv2d{Out: c, Kernel: 3, Stride: 1, Padding: 1}, blocks.ReLU{})
	}
	return append(append(layers, pool), blocks.Classifier([]int{4096, 4096}, blocks.Dropout{P: 0.5}, blocks.Linear{Out: classes})...)
}

func chapterAlexNet() []blocks.Layer {
	return alexNet(blocks.Conv2d{Out: 96, Kernel: 11, Stride: 4, Padding: 1},
		blocks.Conv2d{Out: 256, Kernel: 5, Stride: 1, Padding: 2}, [3]int{384, 384, 256}, 10)
}

func torchvisionAlexNet() []blocks.Layer {
	return alexNet(blocks.Conv2d{Out: 64, Kernel: 11, Stride: 4, Padding: 2},
		blocks.Conv2d{Out: 192, Kernel: 5, Stride: 1, Padding: 2}, [3]int{384, 256, 256}, 1000)
}

// leNet is the chapter's (7.6).
func leNet() []blocks.Layer {
	pool := blocks.AvgPool2d{Kernel: 2, Stride: 2}
	return []blocks.Layer{
		blocks.Conv2d{Out: 6, Kernel: 5, Stride: 1, Padding: 2}, blocks.Sigmoid{}, pool,
		blocks.Conv2d{Out: 16, Kernel: 5, Stride: 1}, blocks.Sigmoid{}, pool,
		blocks.Flatten{}, blocks.Linear{Out: 120}, blocks.Sigmoid{}, blocks.Linear{Out: 84}, blocks.Sigmoid{}, blocks.Linear{Out: 10},
	}
}

// mixedLayers has ReLUs, sigmoids and pools where nothing computes them beside another layer.
func mixedLayers() []blocks.Layer {
	conv := blocks.Conv2d{Out: 3, Kernel: 3, Stride: 1, Padding: 1}
	pool := blocks.MaxPool2d{Kernel: 2, Stride: 2}
	return []blocks.Layer{
		blocks.ReLU{}, conv, blocks.ReLU{}, pool, blocks.ReLU{}, blocks.AvgPool2d{Kernel: 2, Stride: 2},
		blocks.Conv2d{Out: 2, Kernel: 1, Stride: 1}, blocks.Sigmoid{}, blocks.ReLU{}, blocks.MaxPool2d{Kernel: 3, Stride: 1}, blocks.ReLU{},
		blocks.Flatten{}, blocks.ReLU{}, blocks.Linear{Out: 4}, blocks.Sigmoid{},
		blocks.Linear{Out: 5}, blocks.ReLU{}, blocks.ReLU{}, blocks.Linear{Out: 3},
	}
}

func mustResolve(t *testing.T, a *Arch, c, side, classes int) []Layer {
	t.Helper()
	layers, err := Resolve(a, c, side, side, classes)
	if err != nil {
		t.Fatal(err)
	}
	return layers
}

func mustParams(t *testing.T, layers []Layer) Params {
	t.Helper()
	ps, err := NewParams(layers)
	if err != nil {
		t.Fatal(err)
	}
	return ps
}
