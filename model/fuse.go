package model

// stage is one operation of the graph: a layer, and those behind it that the operation computes too.
type stage struct {
	Layer // the first of its layers, with Out of the last
	fused int
}

// fuse groups layers into stages, by what their kinds fuse.
func fuse(layers []Layer) []stage {
	var stages []stage
	for _, layer := range layers {
		if n := len(stages); n > 0 && stages[n-1].takes(&layer) {
			stages[n-1].fused++
			stages[n-1].Out = layer.Out
		} else {
			stages = append(stages, stage{Layer: layer})
		}
	}
	return stages
}

// takes reports whether the stage's operation can compute the layer behind it, too.
func (s *stage) takes(next *Layer) bool {
	fuses := s.kind().fuses
	return s.fused < len(fuses) && fuses[s.fused] == next.Module
}
