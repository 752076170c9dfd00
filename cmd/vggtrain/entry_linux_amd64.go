//go:build go1.26 && !go1.27

package main

// leastAddresses is the limit of address space (ulimit -v) with which any command can begin: Go's runtime
// reserves 1.2 GiB before main, of which it uses next to nothing, and ends in a crash dump where it
// cannot; the stacks of threads are the rest. entry_linux_amd64.s compares.
var leastAddresses uint64 = 1700 << 20

// refusal is what it writes then.
var refusal = "vggtrain: the limit of address space (ulimit -v) is below 1.7 GiB, which a Go program takes to begin: raise it, or limit memory by a control group\n"
