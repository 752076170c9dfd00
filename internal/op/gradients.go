package op

import "gorgonia.org/gorgonia"

// gradients adds the operation g of a layer's backward pass, which computes dx (nil where x is
// data), dw and db in one go, and returns their nodes in that order.
func (c *Context) gradients(g operation, dx, dw, db *buffer) (gorgonia.Nodes, error) {
	node, err := c.add(g)
	if err != nil {
		return nil, err
	}
	weight, err := c.newPart("WeightGradient", dw, node)
	if err != nil {
		return nil, err
	}
	bias, err := c.newPart("BiasGradient", db, node)
	if err != nil {
		return nil, err
	}
	if dx == nil {
		return gorgonia.Nodes{nil, weight, bias}, nil
	}
	return gorgonia.Nodes{node, weight, bias}, nil
}

// present is the buffers that there are.
func present(all ...*buffer) []*buffer {
	var list []*buffer
	for _, b := range all {
		if b != nil {
			list = append(list, b)
		}
	}
	return list
}
