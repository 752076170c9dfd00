// Package solver holds the optimisers, which implement gorgonia.Solver, and the
// schedules of their learning rate. The formulas are PyTorch's.
//
// An optimiser works element by element, so it does not care in which order a
// tensor's elements are stored. It cuts each tensor into pieces by its size alone,
// hands them to the kernel pool, and adds up what it reduces in the pieces' order:
// the same bits for every number of threads.
package solver
