// Package runstate is what is kept of a run: its progress, the files that hold it, and how a run
// goes on from them. checkpoint.bin has the weights, the optimiser's state and the Progress;
// best.bin has the weights of the best epoch.
package runstate
