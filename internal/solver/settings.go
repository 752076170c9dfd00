package solver

import (
	"fmt"
	"slices"

	"vggtrain/internal/kernel"
)

// Settings are an optimiser's settings, for all kinds together. Names and meaning are PyTorch's.
type Settings struct {
	Kind        string  // of Kinds; "": the first
	Momentum    float64 // in [0, 1); 0: none
	Nesterov    bool    // needs momentum
	WeightDecay float64 // added to the gradient, as L2 regularisation
	ClipNorm    float64 // largest global norm of the gradient; 0: not clipped
}

// kind describes an optimiser. A new one is an entry in kinds, a file beside sgd.go and a kernel.
type kind struct {
	name    string
	check   func(Settings) error
	slots   func(Settings) []string // names of what it keeps for each weight
	details func(Settings) []string // settings in words for people
	rule    func(Settings) rule
}

var kinds = []kind{sgd}

// rule updates some elements of a parameter.
type rule func(update)

// update is the argument of a rule: elements of a parameter's weights, with their gradient and the
// slots.
type update struct {
	workers  *kernel.Workers
	step     uint64      // from 1
	lr, clip float32     // clip multiplies the gradient first
	weights  []float32   // as long as grad
	slots    [][]float32 // all elements: see slot
	from     int
	grad     []float32
}

// slot returns the elements of the i-th slot that the kind has named.
func (u *update) slot(i int) []float32 { return u.slots[i][u.from:][:len(u.grad)] }

// Kinds lists the values of Settings.Kind.
func Kinds() []string {
	var names []string
	for _, k := range kinds {
		names = append(names, k.name)
	}
	return names
}

func (s Settings) kind() (*kind, error) {
	if s.Kind == "" {
		return &kinds[0], nil
	}
	i := slices.Index(Kinds(), s.Kind)
	if i < 0 {
		return nil, fmt.Errorf("unknown optimiser %q; use one of %q", s.Kind, Kinds())
	}
	return &kinds[i], nil
}

// Slots names the slots of an optimiser with these settings, see State.
func (s Settings) Slots() []string {
	k, err := s.kind()
	if err != nil {
		return nil
	}
	return k.slots(s)
}

// Details describes the settings in words. It leaves out those that are off.
func (s Settings) Details() []string {
	k, err := s.kind()
	if err != nil {
		return nil
	}
	list := k.details(s)
	if s.ClipNorm > 0 {
		list = append(list, fmt.Sprintf("clip norm %v", s.ClipNorm))
	}
	return list
}
