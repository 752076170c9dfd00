// Package pace follows a run for those who show it: where it is, how fast it goes, what time it has
// left, and which limit ends it.
package pace
