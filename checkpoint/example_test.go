package checkpoint_test

import (
	"fmt"
	"os"
	"path/filepath"

	"vggtrain/checkpoint"
)

// A state is written as a whole or not at all, and read with its digest checked.
func Example() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "weights.bin")
	state := &checkpoint.State{
		Tensors:  []checkpoint.Tensor{{Name: "classifier.0.weight", Shape: []int{2, 2}, Data: []float32{1, 2, 3, 4}}},
		Metadata: map[string]string{"author": "me"},
	}
	if err := checkpoint.Write(path, state); err != nil {
		fmt.Println(err)
		return
	}
	read, err := checkpoint.Read(path)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(read.Tensor("classifier.0.weight").Data, read.Metadata["author"])

	file, err := os.ReadFile(path)
	if err != nil {
		fmt.Println(err)
		return
	}
	file[len(file)-1] ^= 1
	if err := os.WriteFile(path, file, 0o666); err != nil {
		fmt.Println(err)
		return
	}
	_, err = checkpoint.Read(path)
	fmt.Println("after one bit has flipped:", err != nil)
	// Output:
	// [1 2 3 4] me
	// after one bit has flipped: true
}
