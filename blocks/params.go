package blocks

// Param is a parameter of a layer, or a buffer saved with the parameters as in PyTorch.
type Param struct {
	Name    string // PyTorch's suffix to the layer's name: weight, bias
	Shape   []int  // PyTorch's: [O, C, kernel, kernel], [O, F] or [O]
	Init    Init
	Running bool // saved but without a gradient, such as a running mean
}

// Init describes a parameter's initial value.
type Init struct {
	Role          Role
	FanIn, FanOut int     // of a Weight, as PyTorch counts them; a Bias has its weight's FanIn
	Value         float32 // of a Constant
}

// Role is a parameter's use. It decides how the parameter is initialised.
type Role int

// Roles of parameters.
const (
	Constant Role = iota // initialised to Value
	Weight               // a matrix, multiplied by the inputs at each position of the output
	Bias                 // added to a product with a Weight
)

// Parameterless is embedded in layers without parameters.
type Parameterless struct{}

// Params is nil.
func (Parameterless) Params([]int) []Param { return nil }

// SameShape is embedded in layers without parameters whose output has the input's shape.
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
