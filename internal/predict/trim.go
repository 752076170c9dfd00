package predict

import (
	"image"
	"image/draw"
	"slices"
)

// Differences of grey: what a JPEG adds to an even one, and 5 % of all levels.
const (
	noise    = 6
	distinct = 12
)

// margins are the rules by which a photo has a margin. None of Fashion-MNIST's 70,000 images has one.
var margins = []struct {
	levels byte    // of grey by which a pixel sets off from the background: more than that
	most   float64 // of the photo's longer side: what sets off is no longer than that
}{
	{0, 6. / 7},        // a drawn canvas; garments of 26 to 28 pixels are on 28
	{noise, 6. / 7},    // 25 to 28
	{distinct, 2. / 3}, // 19 to 28
}

// trimmed returns the part of a photo that sets off from its background, if there is a margin round
// it; empty if there is none. As Fashion-MNIST was made, the part is what differs by more than 5 %
// (Xiao et al. 2017, section 2), unless that is far less than all that differs.
func trimmed(m *image.Gray, background byte) image.Rectangle {
	longer := float64(max(m.Rect.Dx(), m.Rect.Dy()))
	for _, rule := range margins {
		box := settingOff(m, background, rule.levels)
		longest := max(box.Dx(), box.Dy())
		if longest == 0 || float64(longest) > rule.most*longer {
			continue
		}
		if tight := settingOff(m, background, distinct); 3*max(tight.Dx(), tight.Dy()) >= 2*longest {
			return tight
		}
		return box
	}
	return image.Rectangle{}
}

// settingOff returns the smallest box of all pixels that differ from the background by more than
// levels.
func settingOff(m *image.Gray, background, levels byte) (box image.Rectangle) {
	differs := func(v byte) bool { return max(v, background)-min(v, background) > levels }
	for y := range m.Rect.Dy() {
		row := m.Pix[y*m.Stride:][:m.Rect.Dx()]
		from := 0
		for from < len(row) && !differs(row[from]) {
			from++
		}
		if from == len(row) {
			continue
		}
		to := len(row)
		for !differs(row[to-1]) {
			to--
		}
		box = box.Union(image.Rect(from, y, to, y+1))
	}
	return box
}

// cut returns a part of a photo, in memory of its own.
func cut(m *image.Gray, box image.Rectangle) *image.Gray {
	part := image.NewGray(image.Rect(0, 0, box.Dx(), box.Dy()))
	draw.Draw(part, part.Rect, m, box.Min, draw.Src)
	return part
}

// unframe inverts what is left of a trimmed photo if it was in a frame: it has a background of its own
// then, of one light grey in its corners, from which something sets off.
func (g *Garment) unframe(m *image.Gray) {
	right, bottom := m.Rect.Dx()-1, m.Rect.Dy()-1
	corners := []byte{m.GrayAt(0, 0).Y, m.GrayAt(right, 0).Y, m.GrayAt(0, bottom).Y, m.GrayAt(right, bottom).Y}
	least, most := slices.Min(corners), slices.Max(corners)
	if least < 128 || most-least > noise || settingOff(m, least, distinct).Empty() {
		return
	}
	for i, v := range m.Pix {
		m.Pix[i] = 255 - v
	}
	if g.Inverted = !g.Inverted; g.Inverted {
		g.Grey = least
	} else {
		g.Grey = 255 - least
	}
}
