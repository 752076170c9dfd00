package memory

import (
	"errors"
	"fmt"
	"math"

	"vggtrain/internal/display"
)

// headroom is what Room leaves to all that is allocated without asking: small objects, for which Go
// takes 64 MiB at once.
const headroom = 144 << 20

// small is a size that headroom has room for: who allocates less need not ask.
const small = 1 << 20

// Room returns a *RefusedError if the system refuses the process so many bytes more. Ask before a large
// allocation: Go ends the process in the middle of one that fails.
func Room(bytes int64) error {
	if bytes < small {
		return nil
	}
	err := errTooLarge
	if bytes < math.MaxInt-headroom {
		err = try(int(bytes) + headroom)
	}
	if err != nil {
		return &RefusedError{bytes, err}
	}
	return nil
}

// RefusedError is the error of memory that the system refuses.
type RefusedError struct {
	Bytes int64
	Err   error
}

func (e *RefusedError) Error() string {
	return fmt.Sprintf("the system refuses %s of memory (%v)", display.Bytes(e.Bytes), e.Err)
}
func (e *RefusedError) Unwrap() error { return e.Err }

var errTooLarge = errors.New("more than there are addresses")
