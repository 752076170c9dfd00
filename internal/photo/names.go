package photo

import (
	"path"
	"slices"
	"strings"
)

// Extensions are the file name extensions of supported pictures. Case does not matter.
var Extensions = extensions(imageFormats)

// foreign are those of pictures that are recognised only.
var foreign = extensions(foreignFormats)

func extensions(formats []imageFormat) (all []string) {
	for _, format := range formats {
		all = append(all, format.endings...)
	}
	return all
}

// Readable reports whether a file name has one of Extensions.
func Readable(name string) bool { return hasExtension(name, Extensions) }

// Foreign reports whether a file name is of an unsupported kind of picture.
func Foreign(name string) bool { return hasExtension(name, foreign) }

func hasExtension(name string, extensions []string) bool {
	return slices.Contains(extensions, strings.ToLower(path.Ext(name)))
}
