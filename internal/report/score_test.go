package report

import (
	"os"
	"strings"
	"testing"

	"vggtrain/internal/record"
)

// A resumed run shows the score of its folder, if that can be its own.
func TestScoreThatIsNotOfTheRun(t *testing.T) {
	r := newPageRun(t)
	o := r.observer()
	r.epoch(o, 2)
	written, err := os.ReadFile(r.dir.Score())
	if err != nil {
		t.Fatal(err)
	}
	r.plan.StepsDone, r.plan.History = 8, []record.Epoch{{Epoch: 1}, {Epoch: 2}}
	const evaluation = "after epoch 2, 20 images of the test set"
	for name, change := range map[string][2]string{
		"whole":                 {"", ""},
		"of a later epoch":      {`"epoch":2`, `"epoch":3`},
		"of no epoch":           {`"epoch":2`, `"epoch":0`},
		"cut short":             {"]}\n", ""},
		"of other classes":      {"Trouser", "Trousers"},
		"of other images":       {`"index":`, `"index":2`},
		"of images before all":  {`"index":`, `"index":-`},
		"without a confusion":   {`"confusion"`, `"matrix"`},
		"of a ragged confusion": {`"confusion":[[`, `"confusion":[[0,`},
		"of less than nothing":  {`"confusion":[[`, `"confusion":[[-`},
		"of many confused":      {`"confused":[`, `"confused":[` + strings.Repeat(`{},`, maxConfused)},
		"of many errors":        {`"errors":[`, `"errors":[` + strings.Repeat(`{},`, maxErrors)},
		"too large":             {"{", strings.Repeat(" ", maxScore) + "{"},
	} {
		text := strings.Replace(string(written), change[0], change[1], 1)
		if err := os.WriteFile(r.dir.Score(), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		r.observer()
		if name == "whole" {
			r.want(name, evaluation, "Coat taken for Shirt")
			continue
		}
		if text == string(written) {
			t.Errorf("%s: nothing is changed in %s", name, text)
		}
		r.want(name, "! "+evaluation, "Not known yet")
	}
}
