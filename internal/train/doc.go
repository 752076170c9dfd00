// Package train runs a training: it makes a Job of resolved settings (Prepare), trains
// and evaluates it epoch by epoch (Run), and keeps its checkpoints. What is shown or written of
// a run beside its checkpoints is the observers' affair.
//
// Batches are N×S×S×1, N images of side S.
package train
