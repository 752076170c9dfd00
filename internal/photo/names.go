package photo

import (
	"path"
	"slices"
	"strings"
)

// Extensions end the names of pictures that are read. Capitals count as small letters.
var Extensions = extensions()

func extensions() (all []string) {
	for _, format := range imageFormats {
		all = append(all, format.endings...)
	}
	return all
}

// foreign end the names of pictures that are not.
var foreign = []string{".ppm", ".pgm", ".bmp", ".tif", ".tiff", ".webp", ".heic", ".avif"}

// Readable reports whether a name is that of a picture that is read.
func Readable(name string) bool { return hasExtension(name, Extensions) }

// Foreign reports whether a name is that of a picture of another kind.
func Foreign(name string) bool { return hasExtension(name, foreign) }

func hasExtension(name string, extensions []string) bool {
	return slices.Contains(extensions, strings.ToLower(path.Ext(name)))
}
