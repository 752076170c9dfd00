//go:build soak

package main

// soak says that tests may take long: those of .ci/full.
const soak = true
