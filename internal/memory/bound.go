package memory

import (
	"math"
	"runtime/debug"

	"github.com/KimMachineGun/automemlimit/memlimit"

	"vggtrain/internal/display"
)

// Bound is a bound of the memory of this process.
type Bound struct {
	Bytes int64  // that it can hold; 0: unknown
	From  string // who says so, before a size: "there are", "ulimit -v leaves"
}

// nothing stands for no memory at all, since 0 is unknown.
const nothing = 1

func (b Bound) String() string {
	if b.Bytes == nothing {
		return b.From + " nothing"
	}
	return b.From + " " + display.Bytes(b.Bytes)
}

// Limit returns the least of the machine's memory, what control groups allow (Linux: the process's own
// and those above) and what limits of resources leave (Linux: RLIMIT_AS and RLIMIT_DATA).
func Limit() Bound {
	least := Bound{Bytes: math.MaxInt64}
	for _, b := range append([]Bound{
		asked(memlimit.FromSystem, "there are"),
		asked(memlimit.FromCgroup, "the control group allows"),
	}, resources()...) {
		if b.Bytes > 0 && b.Bytes < least.Bytes {
			least = b
		}
	}
	if least.Bytes == math.MaxInt64 {
		return Bound{}
	}
	return least
}

func asked(ask memlimit.Provider, from string) Bound {
	bytes, err := ask()
	if err != nil || bytes > math.MaxInt64 {
		return Bound{}
	}
	return Bound{int64(bytes), from}
}

// Restrain has the garbage collector work harder near the Limit, unless GOMEMLIMIT says where.
func Restrain() {
	if bytes := Limit().Bytes; bytes > 0 && debug.SetMemoryLimit(-1) == math.MaxInt64 {
		debug.SetMemoryLimit(bytes / 10 * 9) // the rest is the program itself, its stacks and the system's buffers
	}
}
