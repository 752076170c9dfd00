// Package train runs a training: it makes a Job of resolved settings (Prepare), trains
// and evaluates it epoch by epoch (Run), keeps its checkpoints, and reads a trained network
// back (LoadNetwork). What is shown or written of a run beside its checkpoints is the
// observers' affair.
//
// Batches are N×S×S×1, N images of side S; logits N×K of K classes.
package train
