//go:build !unix

package main

// ignoreWriteSignals does nothing: only Unix tells of failing writes by signals.
func ignoreWriteSignals() {}
