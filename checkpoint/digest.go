package checkpoint

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"strings"
)

// The digest is an entry of the metadata. The package comment says which bytes it covers.
const (
	digestKey  = "vggtrain.sha256"
	digestName = "SHA-256"
	digestLen  = 2 * sha256.Size // hexadecimal digits
)

func newDigest() hash.Hash { return sha256.New() }

// zeros stand in the digest's place while it is computed.
var zeros = bytes.Repeat([]byte{'0'}, digestLen)

func digits(sum hash.Hash) []byte { return hex.AppendEncode(nil, sum.Sum(nil)) }

func compareDigest(sum hash.Hash, want []byte) error {
	if got := digits(sum); !bytes.Equal(got, want) {
		return damaged("its %s is %.8s…, not the %.8s… that it carries", digestName, got, want)
	}
	return nil
}

// digestPlace returns the index of the digits just read. They must be literal, not JSON escapes.
func (r *headerReader) digestPlace(digits string) (int, error) {
	end := int(r.dec.InputOffset()) - 1 // the closing quote
	begin := end - digestLen
	if len(digits) != digestLen || begin < 0 || string(r.text[begin:end]) != digits {
		return 0, fmt.Errorf("%s is not %d hexadecimal digits", digestKey, digestLen)
	}
	if other := strings.Trim(digits, "0123456789abcdef"); other != "" {
		return 0, fmt.Errorf("%s has %q among its digits", digestKey, other[0])
	}
	return begin, nil
}
