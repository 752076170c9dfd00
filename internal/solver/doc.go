// Package solver holds the optimisers and the schedules of their learning rate.
// The formulas are PyTorch's.
//
// An optimiser works on plain slices, element by element: the order in which a
// parameter's elements are stored makes no difference. It cuts each parameter into
// pieces by its size alone, hands them to the workers, and adds up what it reduces
// in the pieces' order: the same bits for every number of threads.
package solver
