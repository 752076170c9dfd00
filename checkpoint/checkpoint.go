// Package checkpoint reads and writes the file that holds a network: a safetensors file
// (https://github.com/huggingface/safetensors) that carries a SHA-256 digest of itself.
//
//	bytes 0–7      length n of the header, little-endian
//	bytes 8–8+n    the header, JSON: name → {dtype, shape, data_offsets}, and "__metadata__";
//	               padded with spaces so that the data begins at a multiple of 8, and of 4096
//	               if there is 1 MiB of it or more
//	bytes 8+n–end  the data: the tensors one after the other, little-endian, row-major
//
// Tensors of the network have torchvision's names (features.0.weight); state of the training
// has names with a slash (optimizer/…), so that torch's strict load_state_dict takes the names
// without one. The metadata holds two entries that belong to the container:
//
//	vggtrain.format  the version of the format, "1"
//	vggtrain.sha256  64 lower-case hexadecimal digits: SHA-256 of the whole file (the eight
//	                 bytes of the length included) with '0' in the place of these digits
//
// Nothing may follow the data. So no bit can flip, and no byte be cut or added, unnoticed.
package checkpoint

// Version is the format version of Write and Read.
const Version = "1"

const (
	formatKey = "vggtrain.format"

	// The longest header. It takes about a hundred bytes a tensor, two hundred an epoch of the
	// history, and a few thousand for the settings: there is room for the most of all of them.
	// To read one allocates less than 80 MB, garbage included.
	maxHeader = 4 << 20

	// The most tensors, and the most entries of metadata.
	maxKeys = 1 << 14

	// The most dimensions of a tensor.
	maxRank = 8

	// Bytes hashed and written, or read and hashed, at a time. They fit the second-level cache, so
	// that the second of the two finds them there; 64 KiB cost a third more, because the system
	// then takes small pages.
	chunk = 1 << 20

	// O_DIRECT needs file offsets and memory aligned to this many bytes.
	page = 4096
)

// Tensor is a named array of float32, row-major. Shape [] is a scalar of one element.
type Tensor struct {
	Name  string
	Shape []int
	Data  []float32 // its length is the product of Shape
}

// State is the content of a file. Metadata has neither vggtrain.format nor vggtrain.sha256: those are
// the container's own. Tensors packed by Pack are written faster.
type State struct {
	Tensors  []Tensor
	Metadata map[string]string
}

// Tensor returns the tensor of that name, or nil.
func (s *State) Tensor(name string) *Tensor {
	for i := range s.Tensors {
		if s.Tensors[i].Name == name {
			return &s.Tensors[i]
		}
	}
	return nil
}

// Weights returns the network's own tensors: names without a slash.
func (s *State) Weights() []Tensor {
	var weights []Tensor
	for _, t := range s.Tensors {
		if ofNetwork(t.Name) {
			weights = append(weights, t)
		}
	}
	return weights
}
