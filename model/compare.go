package model

import (
	"errors"
	"fmt"
	"strings"
)

// Comparison holds the costs of several networks. Its JSON is that of `vggtrain compare --format
// json`.
type Comparison struct {
	Input    [4]int     `json:"input"` // N, C, H, W
	Classes  int        `json:"classes"`
	Networks []Compared `json:"networks"`
}

// Compared is one network of a comparison, with its Costs, or with the Error of Resolve.
type Compared struct {
	Arch  string `json:"arch"`
	Error string `json:"error,omitempty"`
	*Costs
}

// Costs are a network's counts, in all and for its convolutions and dense layers.
type Costs struct {
	Totals
	EvalBytes    int64 `json:"eval_bytes"` // see EvaluationBytes
	Convolutions Part  `json:"convolutions"`
	Dense        Part  `json:"dense"`
}

// Part is the share of one kind of layer, Conv2d or Linear, in a network's costs.
type Part struct {
	Layers      int     `json:"layers"`
	Params      int64   `json:"params"`
	ParamsShare float64 `json:"params_share"` // of all parameters, 0 to 1
	MACs        int64   `json:"macs"`
	MACsShare   float64 `json:"macs_share"`
}

// Compare counts the costs of each network for a batch of the given shape. A network that cannot take
// this shape has an Error and nil Costs.
func Compare(archs []*Arch, in Input, classes int) *Comparison {
	c := &Comparison{Input: [4]int{in.N, in.C, in.H, in.W}, Classes: classes}
	for _, a := range archs {
		network := Compared{Arch: a.Name}
		var err error
		if network.Costs, err = costs(a, in, classes); err != nil {
			network.Error = strings.TrimPrefix(err.Error(), a.Name+": ")
		}
		c.Networks = append(c.Networks, network)
	}
	return c
}

func costs(a *Arch, in Input, classes int) (*Costs, error) {
	layers, err := Resolve(a, in.C, in.H, in.W, classes)
	if err != nil {
		return nil, err
	}
	s, err := SummarizeLayers(a.Name, layers, in.N)
	if err != nil {
		return nil, err
	}
	c := &Costs{Totals: s.Totals}
	if c.EvalBytes, err = EvaluationBytes(layers, in.N); err != nil {
		return nil, err
	}
	parts := map[part]*Part{convolutions: &c.Convolutions, dense: &c.Dense, neither: {}}
	for i := range layers {
		p := parts[layers[i].kind().part]
		p.Layers++
		p.Params += s.Layers[i].Params
		p.MACs += s.Layers[i].MACs
	}
	for _, p := range []*Part{&c.Convolutions, &c.Dense} { // Params and MACs are above 0: the last layer is Linear
		p.ParamsShare = float64(p.Params) / float64(c.Params)
		p.MACsShare = float64(p.MACs) / float64(c.MACs)
	}
	return c, nil
}

// Err joins the networks' errors. It is nil if all networks can take the input.
func (c *Comparison) Err() error {
	var list []error
	for _, n := range c.Networks {
		if n.Error != "" {
			list = append(list, fmt.Errorf("%s: %s", n.Arch, n.Error))
		}
	}
	return errors.Join(list...)
}
