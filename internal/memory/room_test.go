package memory

import (
	"errors"
	"math"
	"testing"
)

func TestRoom(t *testing.T) {
	for _, bytes := range []int64{-1, 0, small, 64 << 20} {
		if err := Room(bytes); err != nil {
			t.Errorf("%d bytes: %v", bytes, err)
		}
	}
	for _, bytes := range []int64{math.MaxInt64, math.MaxInt / 2} { // no machine has half of all addresses
		err := Room(bytes)
		if refused, ok := errors.AsType[*RefusedError](err); !ok || refused.Bytes != bytes {
			t.Errorf("%d bytes: %v", bytes, err)
		}
	}
	if got, err := Floats(math.MaxInt / 8); err == nil {
		t.Errorf("%d floats", len(got))
	}
}
