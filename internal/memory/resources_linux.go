package memory

import (
	"fmt"
	"os"
	"runtime"

	"golang.org/x/sys/unix"
)

// resources returns what the process's limits of resources leave.
func resources() []Bound {
	size, resident, data, err := pages()
	if err != nil {
		return nil
	}
	var bounds []Bound
	for _, limit := range []struct {
		resource int
		taken    int64
		from     string
	}{
		{unix.RLIMIT_AS, size, "the limit of address space (ulimit -v) leaves"},
		{unix.RLIMIT_DATA, data, "the limit of data (ulimit -d) leaves"},
	} {
		var r unix.Rlimit
		if unix.Getrlimit(limit.resource, &r) == nil {
			bounds = append(bounds, left(r.Cur, limit.taken, resident, limit.from))
		}
	}
	return bounds
}

// pages returns the process's address space, what it holds, and its data, see proc_pid_statm(5).
func pages() (size, resident, data int64, err error) {
	text, err := os.ReadFile("/proc/self/statm")
	if err == nil {
		var shared, code, library int64
		_, err = fmt.Sscan(string(text), &size, &resident, &shared, &code, &library, &data)
	}
	return size, resident, data, err
}

// Held returns the resident memory of the process, in bytes; 0 if unknown.
func Held() int64 {
	_, resident, _, err := pages()
	if err != nil {
		return 0
	}
	return resident * int64(os.Getpagesize())
}

// threadStack is the address space of a thread to come: with cgo, C's threads have the default of
// `ulimit -s` each.
const threadStack = 8 << 20

// left returns what a limit leaves to a process that has taken so many pages, of which the resident
// ones hold something: Go reserves more than a gigabyte that it does not use.
func left(limit uint64, taken, resident int64, from string) Bound {
	if limit > 1<<62 { // RLIM_INFINITY
		return Bound{}
	}
	unused := (taken-resident)*int64(os.Getpagesize()) + int64(runtime.GOMAXPROCS(0))*threadStack
	return Bound{max(int64(limit)-unused-headroom, nothing), from}
}
