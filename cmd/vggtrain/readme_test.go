package main

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestReadmeCommands keeps README.md and CONTRIBUTING.md true. The rule: a block that opens with
// ```sh holds commands, and every line of it is checked here, none is skipped.
//
//   - vggtrain lines, also as `go run ./cmd/vggtrain`, are executed as they
//     stand, flag for flag, on a small run that stands where the line says. So
//     that this takes seconds, fit gets --dry-run --batch-size 2 if it begins a run, or a step of small images
//     if that is one on the folder photos, eval --limit 8, and bench --steps 1 --batch-size 2 --resize 32 at
//     the end of the line.
//   - other lines must be one of otherCommands, whose files must exist, and their tests.
//
// A line that shows output, or anything else, belongs in a block of another kind.
func TestReadmeCommands(t *testing.T) {
	root, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"README.md", "CONTRIBUTING.md"} {
		t.Run(name, func(t *testing.T) {
			text, err := os.ReadFile(filepath.Join(root, name))
			if err != nil {
				t.Fatal(err)
			}
			commands := readmeCommands(string(text))
			if !slices.Contains(commands, "go test ./...") {
				t.Error("it does not show go test ./...")
			}
			for _, line := range commands {
				if _, ours := ourArguments(line); !ours {
					if err := checkOther(root, line); err != nil {
						t.Errorf("%s: %v", line, err)
					}
				}
			}
			runOurs(t, commands)
		})
	}
}

// runOurs executes the vggtrain lines in a folder of their own.
func runOurs(t *testing.T, lines []string) {
	dir := t.TempDir()
	t.Setenv("VGGTRAIN_DATA", "sample")
	t.Chdir(dir)
	arch := "name: tiny\nblocks: [[1, 8], [1, 16]]\nhidden: [32]\ndropout: 0.5\n"
	if err := os.WriteFile("tiny.yaml", []byte(arch), 0o644); err != nil {
		t.Fatal(err)
	}
	mustRun(t, []string{"fit", "--arch", "tiny.yaml", "--resize", "32", "--max-steps", "1", "--limit-val", "10", "--out", "made"})
	for _, line := range lines {
		args, ours := ourArguments(line)
		if !ours {
			continue
		}
		if i := slices.Index(args, "--init"); i >= 0 && filepath.Ext(args[i+1]) != "" {
			same := slices.Replace(slices.Clone(args), i, i+2, "--limit-train", "2", "--limit-val", "2", "--max-steps", "1")
			dir := filepath.Dir(args[i+1])
			if err := os.RemoveAll(dir); err != nil {
				t.Fatal(err)
			}
			mustRun(t, append(same, "--out", dir)) // the file has to be of this very network
		}
		if i := slices.Index(args, "--resume"); i >= 0 {
			if err := errors.Join(os.RemoveAll(args[i+1]), os.CopyFS(args[i+1], os.DirFS("made"))); err != nil {
				t.Fatalf("%s: %v", line, err)
			}
		}
		if slices.Contains(args, "photos") {
			small.layOut(t, "photos", "cat/*.jpg: 10\ndog/*.jpg: 10")
		}
		for _, arg := range args {
			if err := supply(arg); err != nil {
				t.Fatalf("%s: %v", line, err)
			}
		}
		if args[0] == "predict" {
			if err := supplyPhotos(args[2:]); err != nil {
				t.Fatalf("%s: %v", line, err)
			}
		}
		mustRun(t, shortened(args))
	}
}

// supply puts the small run, or the small network, where a line expects a file
// of its own; a name that is there already is left alone.
func supply(arg string) error {
	source := map[string]string{
		"checkpoint.bin": "made/checkpoint.bin", "best.bin": "made/best.bin", "config.yaml": "made/config.yaml",
	}[filepath.Base(arg)]
	if filepath.Ext(arg) == ".yaml" && source == "" {
		source = "tiny.yaml"
	}
	if source == "" {
		return nil
	}
	if _, err := os.Stat(arg); !errors.Is(err, os.ErrNotExist) {
		return err
	}
	data, err := os.ReadFile(source)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(arg), 0o755); err != nil {
		return err
	}
	return os.WriteFile(arg, data, 0o644)
}

// supplyPhotos puts a picture where predict expects one, and a folder with one where it expects
// that.
func supplyPhotos(args []string) error {
	for _, path := range args {
		if strings.HasSuffix(path, "/") {
			path += "photo.jpg"
		}
		if filepath.Ext(path) != ".jpg" {
			continue
		}
		var photo bytes.Buffer
		if err := jpeg.Encode(&photo, image.NewGray(image.Rect(0, 0, 40, 60)), nil); err != nil {
			return err
		}
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, photo.Bytes(), 0o644)); err != nil {
			return err
		}
	}
	return nil
}

// shortened makes a command line quick, without taking anything away from it.
func shortened(args []string) []string {
	switch {
	case len(args) == 0 || slices.Contains(args, "--help"):
		return args
	case args[0] == "fit" && slices.Contains(args, "--resume"):
		return args // the small run is finished: there is nothing to train
	case args[0] == "fit" && slices.Contains(args, "photos"): // predict takes this run
		return append(args, "--batch-size", "2", "--resize", "32", "--max-steps", "1")
	case args[0] == "fit":
		return append(args, "--dry-run", "--batch-size", "2")
	case args[0] == "eval":
		return append(args, "--limit", "8")
	case args[0] == "bench":
		return append(args, "--steps", "1", "--batch-size", "2", "--resize", "32")
	}
	return args
}

func mustRun(t *testing.T, args []string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	if status := execute(t.Context(), newRootCommand(), args, &stdout, &stderr); status != exitDone {
		t.Errorf("vggtrain %s: exit status %d\n%s", strings.Join(args, " "), status, &stderr)
	}
}

var (
	fence       = regexp.MustCompile("(?ms)^```sh\n(.*?)^```$")
	environment = regexp.MustCompile(`^[A-Z_]+=\S* `)
	// otherCommands are what may be shown beside vggtrain; the first group is a path that must exist, the
	// second, if there is one, a test in that folder.
	otherCommands = []*regexp.Regexp{
		regexp.MustCompile(`^go (?:build|install) (?:-o \S+ )?(\./cmd/vggtrain)$`),
		regexp.MustCompile(`^go test (?:-short )?(\.)/\.\.\.$`),
		regexp.MustCompile(`^go test (\./\S+) -run (\w+) -update$`),
		regexp.MustCompile(`^go generate (\./internal/kernel)$`),
		regexp.MustCompile(`^bash (\.ci/(?:run|full))$`),
		regexp.MustCompile(`^bash (scripts/release\.sh)(?: [\w./]+)*$`),
		regexp.MustCompile(`^python3? (scripts/\w+\.py)(?: [\w./=-]+)*$`),
		regexp.MustCompile(`^git clone \S+(\.git)?$`),
		regexp.MustCompile(`^(?:sudo )?apt-get install (?:-y )?dataset-fashion-mnist()$`),
	}
)

// readmeCommands returns the lines of all sh blocks: continued lines joined,
// prompts and comments removed.
func readmeCommands(text string) []string {
	var commands []string
	for _, block := range fence.FindAllStringSubmatch(text, -1) {
		body := strings.ReplaceAll(block[1], "\\\n", " ")
		for line := range strings.Lines(body) {
			line, _, _ = strings.Cut(line, " #")
			line = strings.Join(strings.Fields(strings.TrimPrefix(strings.TrimSpace(line), "$ ")), " ")
			if line != "" && !strings.HasPrefix(line, "#") {
				commands = append(commands, line)
			}
		}
	}
	return commands
}

// ourArguments returns the arguments of a line that runs vggtrain.
func ourArguments(line string) (args []string, ours bool) {
	line, _, _ = strings.Cut(environment.ReplaceAllString(line, ""), " > ") // where to makes no difference
	for _, prefix := range []string{"vggtrain", "./vggtrain", "go run ./cmd/vggtrain"} {
		if rest, found := strings.CutPrefix(line, prefix); found && (rest == "" || rest[0] == ' ') {
			return strings.Fields(rest), true
		}
	}
	return nil, false
}

func checkOther(root, line string) error {
	for _, known := range otherCommands {
		match := known.FindStringSubmatch(line)
		if match == nil {
			continue
		}
		if len(match) == 3 {
			return findTest(filepath.Join(root, match[1]), match[2])
		}
		_, err := os.Stat(filepath.Join(root, match[1]))
		return err
	}
	return fmt.Errorf("a command that no test knows; see TestReadmeCommands")
}

// findTest is an error if no test of a folder has the name.
func findTest(folder, name string) error {
	files, err := filepath.Glob(filepath.Join(folder, "*_test.go"))
	if err != nil {
		return err
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		if bytes.Contains(text, []byte("\nfunc "+name+"(t *testing.T)")) {
			return nil
		}
	}
	return fmt.Errorf("no test %s in %s", name, folder)
}

func TestReadmeCommandsAreFound(t *testing.T) {
	text := "# Title\n```sh\n$ vggtrain fit --arch a \\\n    --lr 1   # quick\n\n# a comment\ngo test ./...\n```\n" +
		"```text\nvggtrain no command\n```\n```sh\nVGGTRAIN_KERNEL=avx2 go run ./cmd/vggtrain version\n```\n"
	want := []string{"vggtrain fit --arch a --lr 1", "go test ./...", "VGGTRAIN_KERNEL=avx2 go run ./cmd/vggtrain version"}
	got := readmeCommands(text)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("commands (-want +got):\n%s", diff)
	}
	args, ours := ourArguments(want[2])
	if !ours || !slices.Equal(args, []string{"version"}) {
		t.Errorf("%q: arguments %q, ours %t", want[2], args, ours)
	}
	if err := checkOther(".", "rm -rf runs"); err == nil {
		t.Error("an unknown command passed")
	}
}
