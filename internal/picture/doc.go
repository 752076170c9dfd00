// Package picture draws PNG pictures of plain data: the curves of a run, a confusion matrix, a grid
// of labelled images. They are to be read in grey and at half their size too, and the same data
// give the same bytes. Sizes are bounded whatever the data: what does not fit is cut, thinned or
// left out, and text never lies on text.
package picture
