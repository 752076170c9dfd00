// Package crash names moments of a save, at which the tests of the whole program kill it.
//
// Only the main of a test calls Watch; the program itself never does, whatever its flags, files
// and environment say (TestNobodyWatches). The linker then leaves Watch out, and Point does nothing.
package crash

var reached func(what, path string)

// Watch has f called at each point that the program reaches from now on, in the goroutine that reaches it.
func Watch(f func(what, path string)) { reached = f }

// Point tells who watches what is about to happen, and to which file.
func Point(what, path string) {
	if reached != nil {
		reached(what, path)
	}
}
