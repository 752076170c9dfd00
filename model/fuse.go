package model

import "vggtrain/blocks"

// stage is one operation of the graph: a layer, and the ReLU and the 2×2 max-pool behind it that
// the operation computes as it stores, so that the numbers between them never reach memory.
type stage struct {
	Layer           // the first of its layers, with Out of the last
	relu, pool bool // followed by a ReLU; then by a 2×2 max-pool
}

// fuse groups layers into stages:
//
//	Conv2d [ReLU [MaxPool2d 2×2, stride 2]]
//	Linear [ReLU]
//	any other layer alone, a ReLU elsewhere among them
func fuse(layers []Layer) []stage {
	var stages []stage
	for _, layer := range layers {
		last := &stage{}
		if len(stages) > 0 {
			last = &stages[len(stages)-1]
		}
		switch {
		case last.Weight != nil && !last.relu && layer.Layer == blocks.ReLU{}:
			last.relu = true
		case last.poolable() && layer.Layer == blocks.MaxPool2d{Kernel: 2, Stride: 2}:
			last.pool, last.Out = true, layer.Out
		default:
			stages = append(stages, stage{Layer: layer})
		}
	}
	return stages
}

// poolable reports whether a max-pool that comes next can be computed by this stage.
func (s *stage) poolable() bool {
	_, conv := s.Layer.Layer.(blocks.Conv2d)
	return conv && s.relu && !s.pool
}
