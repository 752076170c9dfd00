//go:build go1.26 && !go1.27

package main

// leastAddresses is the least limit of address space (ulimit -v) for any command. Go's runtime reserves
// 1.2 GiB before main, nearly all unused, and crashes if it cannot; the rest is for the stacks of
// threads. entry_linux_amd64.s compares.
var leastAddresses uint64 = 1700 << 20

// refusal is what it writes then.
var refusal = "vggtrain: the limit of address space (ulimit -v) is below 1.7 GiB, which a Go program takes to begin: raise it, or limit memory by a control group\n"
