package configs

import (
	"errors"
	"fmt"
	"io/fs"
)

// Origin is the source of a setting's value. The zero Origin means not set.
type Origin struct {
	Source       string // "flag", "default", "architecture", "data", "recipe fast", or a file's name
	Line, Column int    // in Source, from 1; 0: none
	First        string // of a resumed run: the Source in its first process; "": unknown
}

// Origins without a line.
var (
	FromFlag    = Origin{Source: "flag"}
	FromDefault = Origin{Source: "default"}
	FromArch    = Origin{Source: "architecture"}
	FromData    = Origin{Source: "data"}
)

func (o Origin) String() string {
	if o.Line == 0 {
		return o.Source
	}
	return fmt.Sprintf("%s:%d:%d", o.Source, o.Line, o.Column)
}

// SettingError is the error for an invalid value of a setting.
type SettingError struct {
	Key    string
	Origin Origin
	What   string // what is wrong, and what to do
}

func (e *SettingError) Error() string {
	switch {
	case e.Origin == FromFlag:
		return fmt.Sprintf("--%s: %s", e.Key, e.What)
	case e.Origin.Line == 0:
		return fmt.Sprintf("%s: %s", e.Key, e.What)
	}
	return fmt.Sprintf("%s: %s: %s", e.Origin, e.Key, e.What)
}

// systemError turns "open x.yaml: no such file or directory" into "x.yaml: …".
func systemError(file string, err error) error {
	var pathErr *fs.PathError
	if errors.As(err, &pathErr) {
		err = pathErr.Err
	}
	if errors.Is(err, fs.ErrNotExist) {
		err = fmt.Errorf("%w: give the name of a file that exists", err)
	}
	return fmt.Errorf("%s: %w", file, err)
}
