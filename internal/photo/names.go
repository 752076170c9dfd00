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

// ignored are names, in lower case, of what systems put beside the files of users.
var ignored = []string{"__macosx", "@eadir", "thumbs.db", "desktop.ini"}

// Ignored reports whether a file or folder does not count, not even as left out.
func Ignored(name string) bool {
	return strings.HasPrefix(name, ".") || slices.Contains(ignored, strings.ToLower(name))
}
