package main

import (
	"fmt"
	"image/color"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"vggtrain/dataset"
	"vggtrain/internal/trained"
	"vggtrain/model"
)

// What is learned, in a way that shows whether predict prepares a picture as fit does: sets that predict of
// before, which prepared each as a photo of a garment, got wrong.
func TestPredictSaysWhatEvalSays(t *testing.T) {
	for name, c := range map[string]struct {
		drawing
		shapes []string
		ending string
	}{
		"white background": {on(28, 28, color.NRGBA{40, 40, 40, 255}, white), []string{"bar", "cross", "disc", "ring"}, ".png"},
		"wide":             {on(48, 12, color.NRGBA{200, 200, 200, 255}, black), []string{"thick", "thin"}, ".png"},
		"transparent":      {on(28, 28, color.NRGBA{20, 20, 20, 255}, glass), []string{"bar", "cross", "disc", "ring"}, ".png"},
		"colour, high":     {on(20, 60, red, green), []string{"disc", "cross"}, ".bmp"},
		"turned by phones": {drawing{36, 28, black, white, true}, []string{"left", "right", "bar"}, ".jpg"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			data, out := t.TempDir(), t.TempDir()
			for _, shape := range c.shapes {
				c.layOut(t, data, fmt.Sprintf("train/%s/*%s: 12\ntest/%[1]s/*%[2]s: 4", shape, c.ending))
			}
			learn(t, data, out, "--augment", "none", "--val", "test")
			var scores struct {
				Accuracy  float64
				Classes   []struct{ Name string }
				Confusion [][]int
			}
			fromJSON(t, done(t, "eval", out, "--data", data, "--json"), &scores)
			if scores.Accuracy < 0.7 {
				t.Errorf("accuracy %v: what is not learned shows nothing", scores.Accuracy)
			}
			for i, class := range scores.Classes {
				files, err := filepath.Glob(filepath.Join(data, "test", class.Name, "*"))
				if err != nil {
					t.Fatal(err)
				}
				var items []struct{ Top []struct{ Class int } }
				fromJSON(t, done(t, append([]string{"predict", out, "--topk", "1", "--json"}, files...)...), &items)
				row := make([]int, len(scores.Classes))
				for _, item := range items {
					row[item.Top[0].Class]++
				}
				if fmt.Sprint(row) != fmt.Sprint(scores.Confusion[i]) {
					t.Errorf("%s: predict says %v, eval %v", class.Name, row, scores.Confusion[i])
				}
			}
		})
	}
}

// Pictures that have left and right are learned with no flag, since they are not mirrored.
func TestLeftAndRightAreLearned(t *testing.T) {
	data, out := t.TempDir(), t.TempDir()
	on(28, 28, color.NRGBA{220, 220, 220, 255}, black).layOut(t, data,
		"train/left/*.png: 12\ntrain/right/*.png: 12\ntest/left/*.png: 4\ntest/right/*.png: 4")
	if accuracy := learn(t, data, out); accuracy < 0.8 {
		t.Errorf("accuracy %v", accuracy)
	}
}

// learn trains a small network long enough and returns the last accuracy.
func learn(t *testing.T, data, out string, flags ...string) float64 {
	t.Helper()
	arch := filepath.Join(t.TempDir(), "small.yaml")
	put(t, arch, []byte("name: small\nblocks: [[1, 8], [1, 16]]\nhidden: [32]\ndropout: 0.0\n"))
	var record struct {
		Accuracy float64 `json:"val_accuracy"`
	}
	args := []string{"fit", "--arch", arch, "--data", data, "--resize", "28", "--batch-size", "8", "--epochs", "60", "--lr", "0.03", "--out", out, "--json"}
	fromJSON(t, done(t, append(args, flags...)...), &record)
	return record.Accuracy
}

// done runs a command line that must succeed and returns its standard output.
func done(t *testing.T, args ...string) string {
	t.Helper()
	run := execution(args...)
	if run.status != exitDone {
		t.Fatalf("vggtrain %q: exit status %d\n%s", args, run.status, run.stderr)
	}
	return run.stdout
}

// For a picture of any kind, predict gives what eval gives, to the last bit of its probability, whatever the
// preparation. Each picture is a class of its own, so the scores are in the order of the classes.
func TestPredictEqualsEval(t *testing.T) {
	data := t.TempDir()
	files := kinds(t)
	for name, content := range files {
		for _, split := range []string{"train", "test"} {
			put(t, filepath.Join(data, split, name, name), content)
		}
	}
	for _, mode := range dataset.Modes {
		for _, channels := range []int{1, 3} {
			t.Run(fmt.Sprintf("%s, %d channels", mode, channels), func(t *testing.T) {
				out := filepath.Join(t.TempDir(), "run")
				arch := filepath.Join(t.TempDir(), "tiny.yaml")
				put(t, arch, []byte("name: tiny\nblocks: [[1, 4], [1, 8]]\nhidden: [16]\ndropout: 0.0\n"))
				done(t, "fit", "--arch", arch, "--data", data, "--resize", "36", "--epochs", "1", "--val", "test", "--out", out,
					"--resize-mode", string(mode), "--channels", fmt.Sprint(channels), "--strict")
				scores := evaluated(t, filepath.Join(out, "best.bin"), data)
				names := slices.Sorted(maps.Keys(files))
				if len(scores) != len(names) {
					t.Fatalf("%d of %d pictures are scored", len(scores), len(names))
				}
				args := []string{"predict", out, "--topk", "1", "--json"}
				for _, name := range names {
					args = append(args, filepath.Join(data, "test", name, name))
				}
				var items []struct {
					Top []trained.Prediction
				}
				fromJSON(t, done(t, args...), &items)
				for i, item := range items {
					if item.Top[0] != scores[i] {
						t.Errorf("%s: predict says %v, eval %v", names[i], item.Top[0], scores[i])
					}
				}
			})
		}
	}
}

// kinds are files of all kinds of pictures that are read, by name.
func kinds(t *testing.T) map[string][]byte {
	t.Helper()
	files := map[string][]byte{
		"drawn-light.png": encoded(t, on(28, 28, black, white).picture("ring", 0), ".png"),
		"drawn-clear.png": encoded(t, on(31, 30, half, glass).picture("ring", 1), ".png"),
		"drawn-wide.jpg":  encoded(t, on(96, 13, red, green).picture("cross", 2), ".jpg"),
		"drawn-high.gif":  encoded(t, on(7, 300, red, green).picture("disc", 3), ".gif"),
		"drawn-large.jpg": encoded(t, on(1200, 900, red, green).picture("bar", 4), ".jpg"),
		"drawn-point.bmp": encoded(t, on(1, 1, red, green).picture("bar", 5), ".bmp"),
		"drawn-small.ppm": encoded(t, on(5, 3, red, green).picture("left", 6), ".ppm"),
		"drawn.tif":       encoded(t, on(28, 56, red, white).picture("right", 7), ".tif"),
	}
	for _, folder := range []string{"images", "photos", "formats"} { // every format and depth, turned by EXIF
		golden := os.DirFS(filepath.Join("..", "..", "internal", "photo", "testdata", folder))
		found, err := fs.Glob(golden, "*")
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range found {
			if files[folder+"-"+name], err = fs.ReadFile(golden, name); err != nil {
				t.Fatal(err)
			}
		}
	}
	if len(files) < 90 {
		t.Fatalf("only %d pictures", len(files))
	}
	return files
}

// evaluated returns what eval makes of each test picture.
func evaluated(t *testing.T, checkpoint, spec string) []trained.Prediction {
	t.Helper()
	network, err := trained.Load(checkpoint)
	if err != nil {
		t.Fatal(err)
	}
	data, err := openData(t.Context(), spec, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	data, err = data.Load(t.Context(), dataset.LoadOptions{Channels: network.Channels, Side: network.Side, Mode: network.Mode})
	if err != nil {
		t.Fatal(err)
	}
	workers, err := model.NewWorkers(0, "")
	if err != nil {
		t.Fatal(err)
	}
	defer workers.Close()
	scores, err := network.Evaluate(t.Context(), workers, data.Test, 128, func(int) {})
	if err != nil {
		t.Fatal(err)
	}
	return scores.Predictions
}
