//go:build !unix

package main

// ignoreFileSizeSignal does nothing: only Unix limits the size of files by a
// signal.
func ignoreFileSizeSignal() {}
