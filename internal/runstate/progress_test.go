package runstate

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vggtrain/internal/record"
)

// An epoch that was cut is no epoch without a better accuracy.
func TestPatienceCountsWholeEpochs(t *testing.T) {
	p := &Progress{Epoch: 1, Batch: 3}
	p.AddEpoch(record.Epoch{Epoch: 1, ValAccuracy: 0.5}, 3)
	p.Batch = 1
	p.AddEpoch(record.Epoch{Epoch: 2, ValAccuracy: 0.25}, 3)
	if p.OutOfPatience(1) {
		t.Error("after a cut epoch")
	}
	p.Reopen()
	p.Batch = 3
	p.AddEpoch(record.Epoch{Epoch: 2, ValAccuracy: 0.25}, 3)
	if !p.OutOfPatience(1) || p.OutOfPatience(2) || p.OutOfPatience(0) {
		t.Error("after a whole epoch")
	}
}

func TestProgressReadsBackToTheSameBits(t *testing.T) {
	p := &Progress{Epoch: 1}
	p.AddStep(record.Step{Step: 1, Loss: 1.0 / 3, Images: 7, Seconds: 0.1})
	p.History = []record.Epoch{{Epoch: 1, TrainLoss: 0.1 + 0.2, ValAccuracy: 2.0 / 3}}
	text, err := p.Encode()
	if err != nil {
		t.Fatal(err)
	}
	back, err := DecodeProgress(text, 10)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(p, back); diff != "" {
		t.Errorf("(-written +read):\n%s", diff)
	}
	if again, _ := back.Encode(); !bytes.Equal([]byte(text), []byte(again)) {
		t.Error("written again it differs")
	}
}
