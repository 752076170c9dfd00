package train

import (
	"strings"
	"testing"

	"vggtrain/configs"
	"vggtrain/internal/record"
	"vggtrain/internal/runstate"
	"vggtrain/internal/trained"
	"vggtrain/model"
)

// Advice names only what the run does not do yet.
func TestAdvice(t *testing.T) {
	for _, c := range []struct {
		recipe                         string
		settings                       []string
		stuck, dead, exploded, diverge string // each the end of what is said
	}{
		{"d2l", nil,
			"try another --lr (it is 0.01), --init kaiming or --recipe fast",
			"begin anew with a lower --lr (it is 0.01), --warmup-epochs 1 or --init kaiming",
			"begin anew with a lower --lr (it is 0.01), --clip-norm 1 or --warmup-epochs 1",
			"try a lower --lr (the rate was 0.003 there), --clip-norm 1 or --warmup-epochs 1"},
		{"fast", []string{"clip-norm=1"},
			"try another --lr (it is 0.02)",
			"begin anew with a lower --lr (it is 0.02) or a longer --warmup-epochs (it is 1)",
			"begin anew with a lower --lr (it is 0.02) or a longer --warmup-epochs (it is 1)",
			"try a lower --lr (the rate was 0.003 there) or a longer --warmup-epochs (it is 1)"},
		{"fast", []string{"epochs=1", "schedule=constant", "lr=0.5"},
			"try another --lr (it is 0.5) or --recipe fast",
			"begin anew with a lower --lr (it is 0.5)",
			"begin anew with a lower --lr (it is 0.5) or --clip-norm 1",
			"try a lower --lr (the rate was 0.003 there) or --clip-norm 1"},
	} {
		recipe, err := configs.LoadRecipe(c.recipe)
		if err != nil {
			t.Fatal(err)
		}
		s := recipe.Over(configs.Defaults())
		for _, text := range c.settings {
			key, value, _ := strings.Cut(text, "=")
			if err := s.Set(key, value, configs.FromFlag); err != nil {
				t.Fatal(err)
			}
		}
		w := watchesOf(10, &runstate.Progress{}, s)
		dead := w.evaluated(&trained.Evaluation{Predictions: make([]trained.Prediction, 50)}, false)
		w.seen.Explosion = runstate.Explosion{Start: 2, Window: runstate.Window{Sum: 900, Steps: explosionWindow - 1}}
		for got, want := range map[string]string{
			w.stuckText(2.3, 20):   c.stuck,
			strings.Join(dead, ""): c.dead,
			w.explosion(record.Step{Step: 10, Loss: 900, LR: 0.003}):    c.exploded,
			diverged(model.ErrLossNotFinite, record.Step{LR: 0.003}, s): c.diverge,
		} {
			if !strings.HasSuffix(got, "; "+want) {
				t.Errorf("%s, %v: %q, want %q", c.recipe, c.settings, got, want)
			}
		}
	}
}
