package dataset

import (
	"encoding/hex"
	"testing"
)

// The digests are those that Open finds.
func TestIsGarments(t *testing.T) {
	if d := openSample(t); !IsGarments(hex.EncodeToString(d.Digest[:])) {
		t.Errorf("the sample is not, with %x", d.Digest)
	}
	published, err := Open(t.Context(), OpenOptions{Spec: "/usr/share/datasets/fashion-mnist"})
	if err != nil {
		t.Skip(err)
	}
	if !IsGarments(hex.EncodeToString(published.Digest[:])) || !published.Garments() {
		t.Errorf("the published files are not, with %x", published.Digest)
	}
	for _, digest := range []string{"", "?", hex.EncodeToString(make([]byte, 32))} {
		if IsGarments(digest) {
			t.Errorf("%q is", digest)
		}
	}
}
