package blocks

// Param is a parameter of a layer, or a buffer that PyTorch saves with the parameters.
type Param struct {
	Name    string // PyTorch's, behind the layer's: weight, bias
	Shape   []int  // PyTorch's: [O, C, kernel, kernel], [O, F] or [O]
	Init    Init
	Running bool // state that is saved but has no gradient, such as a running mean
}

// Init says how a parameter begins.
type Init struct {
	Role          Role
	FanIn, FanOut int     // of a Weight, as PyTorch counts them; a Bias has its weight's FanIn
	Value         float32 // of a Constant
}

// Role is what a layer does with a parameter.
type Role int

// Roles of parameters.
const (
	Constant Role = iota // begins as Value
	Weight               // a matrix that the layer's inputs are multiplied by, once for each position of the output
	Bias                 // is added to what a weight gives
)

// Parameterless is part of each layer without parameters.
type Parameterless struct{}

// Params is nil.
func (Parameterless) Params([]int) []Param { return nil }

// SameShape is part of each layer without parameters that keeps its input's shape.
type SameShape struct{ Parameterless }

// Output is the input's shape.
func (SameShape) Output(in []int) ([]int, error) { return in, nil }

// weightAndBias returns the parameters of a layer that multiplies by a weight of the given shape,
// outputs first, and adds a bias.
func weightAndBias(shape ...int) []Param {
	taps := Size(shape[2:])
	fanIn := shape[1] * taps
	return []Param{
		{Name: "weight", Shape: shape, Init: Init{Role: Weight, FanIn: fanIn, FanOut: shape[0] * taps}},
		{Name: "bias", Shape: shape[:1:1], Init: Init{Role: Bias, FanIn: fanIn}},
	}
}

// Size is the number of values of a shape.
func Size(shape []int) int {
	n := 1
	for _, s := range shape {
		n *= s
	}
	return n
}
