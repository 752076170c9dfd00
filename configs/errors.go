package configs

import (
	"errors"
	"fmt"
	"io/fs"
)

// Origin says where a setting's value comes from. The zero Origin is that of a setting that is
// not set.
type Origin struct {
	Source string // "flag", "default", "recipe fast", or a file's name
	Line   int    // in Source, from 1; 0: no place
	Column int
}

// The origins that have no place.
var (
	FromFlag    = Origin{Source: "flag"}
	FromDefault = Origin{Source: "default"}
	FromArch    = Origin{Source: "architecture"}
)

func (o Origin) String() string {
	if o.Line == 0 {
		return o.Source
	}
	return fmt.Sprintf("%s:%d:%d", o.Source, o.Line, o.Column)
}

// SettingError is a value that a setting cannot have.
type SettingError struct {
	Key    string
	Origin Origin
	What   string // "must be a number above 0, at most 1000, not -1"
	Err    error  // may be nil
}

func (e *SettingError) Error() string {
	if e.Origin == FromFlag {
		return fmt.Sprintf("--%s: %s", e.Key, e.What)
	}
	if e.Origin.Line == 0 {
		return fmt.Sprintf("%s: %s", e.Key, e.What)
	}
	return fmt.Sprintf("%s: %s: %s", e.Origin, e.Key, e.What)
}

func (e *SettingError) Unwrap() error { return e.Err }

// systemError turns "open x.yaml: no such file or directory" into "x.yaml: …".
func systemError(file string, err error) error {
	var pathErr *fs.PathError
	if !errors.As(err, &pathErr) {
		return fmt.Errorf("%s: %w", file, err)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s: %w: give the name of a file that exists", file, pathErr.Err)
	}
	return fmt.Errorf("%s: %w", file, pathErr.Err)
}
