package blocks_test

import (
	"fmt"

	"vggtrain/blocks"
)

func ExampleVGGBlock() {
	shape := []int{1, 28, 28}
	list := append(blocks.VGGBlock(2, 16), blocks.Classifier([]int{64}, blocks.Dropout{P: 0.5}, blocks.Linear{Out: 10})...)
	for _, layer := range list {
		var err error
		if shape, err = layer.Output(shape); err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(blocks.Type(layer), shape)
	}
	// Output:
	// Conv2d [16 28 28]
	// ReLU [16 28 28]
	// Conv2d [16 28 28]
	// ReLU [16 28 28]
	// MaxPool2d [16 14 14]
	// Flatten [3136]
	// Linear [64]
	// ReLU [64]
	// Dropout [64]
	// Linear [10]
}
