// Package configs holds Recipe, the settings of a training, and the built-in recipes and
// architectures.
package configs

import (
	"embed"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"vggtrain/internal/display"
	"vggtrain/internal/nearest"
	"vggtrain/internal/strictyaml"
	"vggtrain/model"
)

//go:embed arch/*.yaml recipe/*.yaml
var embedded embed.FS

// Arch returns the YAML of a built-in architecture. Errors: *UnknownError.
func Arch(name string) ([]byte, error) { return open("architecture", "arch", name) }

// ArchNames lists the built-in architectures in alphabetical order.
func ArchNames() []string { return names("arch") }

// LoadArch reads an architecture by its name, from a file (NAME.yaml, or anything with a slash), or of
// a run by its folder.
// Errors: *UnknownError, *model.FileError, or the system's.
func LoadArch(nameOrFile string) (*model.Arch, error) { return Network{Name: nameOrFile}.Load() }

// RecipeText returns the YAML of a built-in recipe. Errors: *UnknownError.
func RecipeText(name string) ([]byte, error) { return open("recipe", "recipe", name) }

// RecipeNames lists the built-in recipes in alphabetical order.
func RecipeNames() []string { return names("recipe") }

// LoadRecipe reads a recipe by its name, from a file (NAME.yaml, or anything with a slash), or of a run
// by its folder.
// Errors: *UnknownError, *SettingError, *model.FileError, or the system's.
func LoadRecipe(nameOrFile string) (*Recipe, error) {
	file, data, err := load(nameOrFile, RecipeText, "recipe "+nameOrFile)
	if err != nil {
		return nil, err
	}
	return ParseRecipe(file, data)
}

// load reads a file, or what comes with the program, which errors call title.
func load(nameOrFile string, builtIn func(string) ([]byte, error), title string) (file string, data []byte, err error) {
	if config := runConfig(nameOrFile); config != "" && !slices.Contains(slices.Concat(ArchNames(), RecipeNames()), nameOrFile) {
		nameOrFile = config
	}
	if isFile(nameOrFile) {
		data, err = readFile(nameOrFile)
		return nameOrFile, data, err
	}
	data, err = builtIn(nameOrFile)
	return title, data, err
}

// UnknownError is the error for an unknown name.
type UnknownError struct {
	Kind    string // architecture, recipe, setting
	Name    string
	Nearest string // the known name most like Name; "": none is close
	Known   []string
}

func (e *UnknownError) Error() string {
	hint := "there are " + strings.Join(e.Known, ", ")
	if e.Nearest != "" {
		hint = "did you mean " + e.Nearest + "?"
	}
	return fmt.Sprintf("unknown %s %s: %s", e.Kind, display.Quote(e.Name), hint)
}

func unknown(kind, name string, known []string) *UnknownError {
	return &UnknownError{Kind: kind, Name: name, Nearest: nearest.Name(name, known), Known: known}
}

func open(kind, folder, name string) ([]byte, error) {
	if known := names(folder); !slices.Contains(known, name) {
		return nil, unknown(kind, name, known)
	}
	return embedded.ReadFile(path.Join(folder, name+".yaml"))
}

func names(folder string) []string {
	entries, err := embedded.ReadDir(folder)
	if err != nil {
		panic(err) // the folder is part of the program
	}
	var list []string
	for _, e := range entries {
		list = append(list, strings.TrimSuffix(e.Name(), ".yaml"))
	}
	return list
}

// runConfig returns the settings file in the folder of a run; "" if path is none.
func runConfig(path string) string {
	config := filepath.Join(path, "config.yaml")
	if info, err := os.Stat(config); err != nil || !info.Mode().IsRegular() {
		return ""
	}
	return config
}

// isFile reports whether NAME|FILE.yaml is a file.
func isFile(s string) bool {
	ext := strings.ToLower(filepath.Ext(s))
	return ext == ".yaml" || ext == ".yml" || strings.ContainsAny(s, `/\`)
}

// readFile reads a settings file, at most one byte more than strictyaml takes. It refuses folders,
// pipes and devices before it opens them: a pipe would wait for its writer, a device may act.
func readFile(name string) ([]byte, error) {
	info, err := os.Stat(name)
	if err == nil && !info.Mode().IsRegular() {
		err = errors.New("not a file: give a .yaml file, or the folder of a run")
	}
	if err != nil {
		return nil, systemError(name, err)
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, systemError(name, err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, strictyaml.MaxBytes+1))
	if err != nil {
		return nil, systemError(name, err)
	}
	return data, nil
}
