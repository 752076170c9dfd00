//go:build !soak

package main

const soak = false // see soak_test.go
