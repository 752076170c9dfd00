package checkpoint

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"unicode/utf8"

	"vggtrain/internal/display"
)

// entry is a tensor as the header announces it; begin and end count from the first data byte.
type entry struct {
	name       string
	dtype      string
	shape      []int
	begin, end int64
	elements   int64 // set by check
}

// header is a parsed header.
type header struct {
	entries  []entry
	metadata map[string]string
	digestAt int // index of the digest's first digit in the JSON; 0: no digest
}

// parseHeader reads the header's JSON. It is stricter than encoding/json is by itself: no key
// twice, no unknown key, no number except plain non-negative integers, no nesting except the
// format's. Memory is bounded by a small multiple of the header's length. check looks at what the
// entries say.
func parseHeader(text []byte) (*header, error) {
	if !utf8.Valid(text) {
		return nil, damaged("the header is not UTF-8")
	}
	if !json.Valid(text) {
		return nil, damaged("the header is not JSON: %s", syntaxError(text))
	}
	r := &headerReader{text: text, dec: json.NewDecoder(bytes.NewReader(text)), seen: map[string]bool{}}
	r.dec.UseNumber()
	h, err := r.header()
	if err != nil {
		return nil, damaged("the header at byte %d: %s", 8+r.dec.InputOffset(), err)
	}
	return h, nil
}

func syntaxError(text []byte) error {
	var whole json.RawMessage
	err := json.Unmarshal(text, &whole)
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		return fmt.Errorf("byte %d: %w", 8+syntax.Offset, err)
	}
	return err
}

// headerReader reads the header token by token.
type headerReader struct {
	text []byte
	dec  *json.Decoder
	seen map[string]bool // the keys of the innermost object, for entry
}

func (r *headerReader) header() (*header, error) {
	h := &header{}
	err := r.object(map[string]bool{}, func(key string) (err error) {
		if key == "__metadata__" {
			return r.metadata(h)
		}
		e, err := r.entry()
		e.name = key
		h.entries = append(h.entries, e)
		return err
	})
	return h, err
}

func (r *headerReader) metadata(h *header) error {
	h.metadata = map[string]string{}
	return r.object(map[string]bool{}, func(key string) error {
		value, err := r.str()
		if err != nil {
			return err
		}
		h.metadata[key] = value
		if key == digestKey {
			h.digestAt, err = r.digestPlace(value)
		}
		return err
	})
}

func (r *headerReader) entry() (entry, error) {
	var e entry
	clear(r.seen) // one map for all entries, which are not nested
	err := r.object(r.seen, func(key string) (err error) {
		switch key {
		case "dtype":
			e.dtype, err = r.str()
		case "shape":
			var dims []int64
			dims, err = r.integers(maxRank)
			e.shape = make([]int, len(dims))
			for i, d := range dims {
				e.shape[i] = int(d)
				if int64(e.shape[i]) != d {
					return fmt.Errorf("dimension %d is too large", d)
				}
			}
		case "data_offsets":
			var offsets []int64
			if offsets, err = r.integers(2); err == nil && len(offsets) != 2 {
				err = errors.New("data_offsets are not two")
			}
			if err == nil {
				e.begin, e.end = offsets[0], offsets[1]
			}
		default:
			err = fmt.Errorf("unknown key %s", display.Quote(key))
		}
		return err
	})
	if err == nil && len(r.seen) != 3 {
		err = errors.New("a tensor without dtype, shape or data_offsets")
	}
	return e, err
}

// object reads an object of at most maxKeys keys and calls member for each, standing before its
// value. It collects the keys in seen.
func (r *headerReader) object(seen map[string]bool, member func(key string) error) error {
	if err := r.delim('{'); err != nil {
		return err
	}
	for r.dec.More() {
		key, err := r.str()
		if err != nil {
			return err
		}
		if seen[key] {
			return fmt.Errorf("key %s twice", display.Quote(key))
		}
		seen[key] = true
		if len(seen) > maxKeys {
			return fmt.Errorf("more than %d keys", maxKeys)
		}
		if err := member(key); err != nil {
			return err
		}
	}
	return r.delim('}')
}

// integers reads a list of at most limit non-negative integers.
func (r *headerReader) integers(limit int) ([]int64, error) {
	if err := r.delim('['); err != nil {
		return nil, err
	}
	var list []int64
	for r.dec.More() {
		token, err := r.dec.Token()
		if err != nil {
			return nil, err
		}
		number, ok := token.(json.Number)
		if !ok {
			return nil, errors.New("an integer expected")
		}
		value, err := strconv.ParseUint(number.String(), 10, 63) // no sign, point or exponent
		if err != nil {
			return nil, fmt.Errorf("%s is not an integer from 0 to 2⁶³-1", display.Quote(number.String()))
		}
		if list = append(list, int64(value)); len(list) > limit {
			return nil, fmt.Errorf("more than %d integers in a list", limit)
		}
	}
	return list, r.delim(']')
}

func (r *headerReader) delim(want json.Delim) error {
	token, err := r.dec.Token()
	if err == nil && token != want {
		err = fmt.Errorf("%q expected", rune(want))
	}
	return err
}

func (r *headerReader) str() (string, error) {
	token, err := r.dec.Token()
	if err != nil {
		return "", err
	}
	text, ok := token.(string)
	if !ok {
		return "", errors.New("a string expected")
	}
	return text, nil
}
