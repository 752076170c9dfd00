// Package crash names moments of a save. The tests of the whole program kill it there.
//
// Only the main of a test calls Watch; the program itself never does, whatever its flags, files
// and environment say (TestNobodyWatches). The linker then leaves Watch out, and Point does nothing.
package crash

var reached func(what, path string)

// Watch calls f at each later Point, on that Point's goroutine.
func Watch(f func(what, path string)) { reached = f }

// Point reports to Watch's f what is about to happen, and to which file.
func Point(what, path string) {
	if reached != nil {
		reached(what, path)
	}
}
