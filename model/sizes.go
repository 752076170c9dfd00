package model

import (
	"fmt"
	"strconv"
	"strings"
)

// FormatShape writes a shape: 1x16x112x112.
func FormatShape(shape []int) string {
	parts := make([]string, len(shape))
	for i, n := range shape {
		parts[i] = strconv.Itoa(n)
	}
	return strings.Join(parts, "x")
}

// count writes a number of things in words: "five poolings".
func count(n int, thing string) string {
	words := []string{"no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"}
	word := fmt.Sprint(n)
	if n < len(words) {
		word = words[n]
	}
	if n == 1 {
		return word + " " + thing
	}
	return word + " " + thing + "s"
}

// product multiplies sizes that are known to be bounded.
func product(sizes []int) int {
	n := 1
	for _, s := range sizes {
		n *= s
	}
	return n
}

// bounded multiplies positive sizes and reports whether the product is at most limit; if not,
// the product so far.
func bounded(limit int64, sizes []int) (int64, bool) {
	n := int64(1)
	for _, s := range sizes {
		if int64(s) > limit/n {
			return n, false
		}
		n *= int64(s)
	}
	return n, true
}
