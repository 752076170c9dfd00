package report

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"strings"

	"vggtrain/dataset"
	"vggtrain/internal/display"
	"vggtrain/internal/page"
	"vggtrain/internal/train"
	"vggtrain/internal/trained"
	"vggtrain/model"
)

// pictures makes the pictures of a page: of a network, and of the images that it is scored on.
type pictures struct {
	network *trained.Network
	scored  dataset.Source
	set     string // what that is, in words
	workers *model.Workers
	painter page.Painter
	image   []float32 // the first scored one, as the network sees it
}

// Bounds of what a page shows.
const (
	maxErrors   = 24
	maxFilters  = 64
	maxBlocks   = 8
	maxChannels = 16 // of a block
	maxGuesses  = 5
	maxLayers   = 200
	maxWaste    = 32 << 20 // bytes beside the block under way, unless a single block is larger
)

// score converts a score for the page.
func (p *pictures) score(s *score) (*page.Score, error) {
	shown := &page.Score{Epoch: s.Epoch, Set: p.set, Classes: p.network.Classes, Confusion: s.Confusion, Wrong: s.Images - s.Correct}
	for _, c := range s.Classes {
		shown.PerClass = append(shown.PerClass, page.ClassScore{Precision: c.Precision, Recall: c.Recall, F1: c.F1, Support: int(c.Support)})
	}
	for _, c := range s.Confused {
		shown.Confused = append(shown.Confused, page.Confused{True: c.True, Predicted: c.Predicted, Images: c.Images, Of: s.support(c.True)})
	}
	for _, e := range s.Errors {
		pixels, err := dataset.Read(context.Background(), p.scored, e.Index)
		if err != nil {
			return nil, err
		}
		image, err := p.painter.Pixels(pixels.Pix, pixels.Rows, pixels.Cols, pixels.Channels, fmt.Sprintf("image #%d", e.Index)) // as in eval's files
		if err != nil {
			return nil, err
		}
		shown.Errors = append(shown.Errors, page.Error{Image: image, True: e.True, Predicted: e.Predicted, Probability: float64(e.Probability)})
	}
	return shown, nil
}

// filters returns the filters of the first convolution, or nil: patches of colour for images in RGB,
// else those for its first input channel.
func (p *pictures) filters() (*page.Filters, error) {
	first := slices.IndexFunc(p.network.Layers, func(l model.Layer) bool { return l.Type == "Conv2d" })
	if first < 0 {
		return nil, nil
	}
	layer := p.network.Layers[first]
	at := slices.IndexFunc(p.network.Params, func(p *model.Param) bool { return p.Name == layer.Specs[0].Name })
	if at < 0 {
		return nil, fmt.Errorf("%s: no such parameter", layer.Specs[0].Name)
	}
	weight := p.network.Params[at]
	values := make([]float32, weight.Len()) // OIHW
	if _, err := weight.Export(p.workers, values); err != nil {
		return nil, err
	}
	filters, rows, cols := weight.Shape[0], weight.Shape[2], weight.Shape[3]
	f := &page.Filters{Layer: layer.Name, Shape: fmt.Sprintf("%d filters of %d×%d", filters, rows, cols), Limit: page.Limit(values)}
	f.Colour = first == 0 && weight.Shape[1] == 3 // the input's channels
	seen, paint := rows*cols, p.painter.Signed
	if f.Colour {
		seen, paint = 3*rows*cols, p.painter.Patch
	}
	if filters > maxFilters {
		f.Shape = fmt.Sprintf("the first %d of %s", maxFilters, f.Shape)
	}
	for o := range min(filters, maxFilters) {
		one := values[o*weight.Len()/filters:][:seen]
		image, err := paint(one, rows, cols, f.Limit, fmt.Sprintf("filter %d: %.3g to %.3g", o+1, slices.Min(one), slices.Max(one)))
		if err != nil {
			return nil, err
		}
		f.Images = append(f.Images, image)
	}
	return f, nil
}

// maps returns the feature maps of the first scored image.
func (p *pictures) maps() (*page.Maps, error) {
	if err := p.load(); err != nil {
		return nil, err
	}
	side := p.network.Side
	m := &page.Maps{
		Image: fmt.Sprintf("The first of the %s: %s", p.set, p.network.Classes[p.scored.Label(0)]),
		Shape: fmt.Sprintf("%d×%d×%d", p.network.Channels, side, side),
	}
	var err error
	if m.Input, err = p.input(fmt.Sprintf("the image at %d×%d", side, side)); err != nil {
		return nil, err
	}
	waste := int64(0) // bytes of blocks since the last collection; of vgg11 they would be 150 MB in all
	err = model.Activations(p.workers, p.network.Layers, p.network.Params, p.image, func(a *model.Activation) error {
		if waste += a.Bytes; waste > maxWaste {
			runtime.GC()
			waste = a.Bytes
		}
		if len(a.Shape) == 1 {
			m.Guesses = p.guesses(a)
			return nil
		}
		if len(m.Blocks) == maxBlocks {
			return nil
		}
		m.Single = m.Single || a.Shape[1]*a.Shape[2] == 1
		b, err := p.block(a)
		m.Blocks = append(m.Blocks, b)
		return err
	})
	return m, err
}

// input is the image as the network sees it: in grey from its darkest to its lightest pixel, in colour
// without the normalisation.
func (p *pictures) input(note string) (page.Image, error) {
	n := p.network
	if n.Channels == 1 {
		return p.painter.Map(p.image, n.Side, n.Side, p.image, note)
	}
	pixels := make([]byte, len(p.image))
	for i, v := range p.image {
		x := float64(v)
		if c := i % n.Channels; n.Normalize.N > 0 {
			x = x*n.Normalize.Deviation[c] + n.Normalize.Mean[c]
		}
		pixels[i] = byte(255*min(max(x, 0), 1) + 0.5)
	}
	return p.painter.Pixels(pixels, n.Side, n.Side, n.Channels, note)
}

// load prepares the image once.
func (p *pictures) load() error {
	if p.image != nil {
		return nil
	}
	loader, err := dataset.NewLoader(dataset.Head(p.scored, 1), dataset.LoaderOptions{
		Prepare: p.network.Preparation, Batch: 1, Scales: trained.Scales(p.network.Normalize),
	})
	if err != nil {
		return err
	}
	loader.Start(1, 0)
	batch, err := loader.Next(context.Background())
	if err != nil {
		return err
	}
	p.image = batch.Images
	return nil
}

// layers are the rows of the network's table: the first of very many, and the sum of all.
func layers(all []model.Layer, plan train.Plan) []page.Layer {
	var rows []page.Layer
	for _, l := range all[:min(len(all), maxLayers)] {
		rows = append(rows, page.Layer{
			Name: l.Name, Type: l.Type, Output: strings.ReplaceAll(model.FormatShape(l.Out), "x", "×"),
			Params: int(l.Params), MACs: int(l.MACs),
		})
	}
	if left := len(all) - len(rows); left > 0 {
		rows = append(rows, page.Layer{Name: fmt.Sprintf("%s more", display.Comma(left))})
	}
	return append(rows, page.Layer{Name: "total", Params: int(plan.Params), MACs: int(plan.MACs)})
}

// block converts an activation [C H W] for the page. A channel of one number would be black or white
// whatever it is: its white is the largest of all channels.
func (p *pictures) block(a *model.Activation) (page.Block, error) {
	channels, rows, cols := a.Shape[0], a.Shape[1], a.Shape[2]
	b := page.Block{Layers: a.First + " to " + a.Last, Shape: fmt.Sprintf("%d×%d×%d", channels, rows, cols)}
	size := rows * cols
	values, silent := make([]float32, channels*size), 0
	for c := range channels {
		one := values[c*size:][:size]
		a.Channel(one, c)
		if slices.Max(one) == 0 && slices.Min(one) == 0 {
			silent++
		}
	}
	for c := range min(channels, maxChannels) {
		one := values[c*size:][:size]
		scale := one
		if size == 1 {
			scale = values
		}
		image, err := p.painter.Map(one, rows, cols, scale, fmt.Sprintf("channel %d: up to %.3g", c+1, slices.Max(one)))
		if err != nil {
			return b, err
		}
		b.Channels = append(b.Channels, image)
	}
	if silent > 0 {
		b.Silent = fmt.Sprintf("%d of %d are zero", silent, channels)
	}
	return b, nil
}

// guesses are the most probable classes, given the logits.
func (p *pictures) guesses(a *model.Activation) []page.Guess {
	logits := make([]float32, a.Shape[0])
	for k := range logits {
		a.Channel(logits[k:k+1], k)
	}
	var list []page.Guess
	for _, g := range trained.Likeliest(logits, maxGuesses) {
		list = append(list, page.Guess{Class: p.network.Classes[g.Class], Probability: g.Probability})
	}
	return list
}
