package main

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/testscript"

	"vggtrain/checkpoint"
)

// scriptSameRuns runs `sameruns DIR DIR`: see sameRuns.
func scriptSameRuns(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: sameruns DIR DIR")
	}
	ts.Check(sameRuns(ts.MkAbs(args[0]), ts.MkAbs(args[1])))
}

// sameRuns tells what differs in two run folders, but for what a clock has told, where the data
// were, and how many epochs were asked for at the time: each bit of the tensors in checkpoint.bin and best.bin, their metadata with the
// whole history, steps.jsonl and metrics.csv line by line.
func sameRuns(want, got string) error {
	for name, read := range map[string]func(path string) (any, error){
		"checkpoint.bin": withoutClock,
		"best.bin":       withoutClock,
		"steps.jsonl":    stepsWithoutClock,
		"metrics.csv":    metricsWithoutClock,
	} {
		a, err := read(filepath.Join(want, name))
		if err != nil {
			return err
		}
		b, err := read(filepath.Join(got, name))
		if err != nil {
			return err
		}
		if diff := cmp.Diff(a, b); diff != "" {
			return fmt.Errorf("%s of %s and %s (-first +second):\n%s", name, want, got, diff)
		}
	}
	return nil
}

// isClock are the fields that a clock tells.
func isClock(field string) bool {
	return strings.HasSuffix(field, "seconds") || field == "images_per_second"
}

// mayDiffer are the settings that may.
var mayDiffer = regexp.MustCompile(`(?m)^(data|epochs): .*\n`)

// withoutClock returns what a checkpoint holds, the tensors as bits.
func withoutClock(path string) (any, error) {
	s, err := checkpoint.Read(path)
	if err != nil {
		return nil, err
	}
	content := map[string]any{}
	for key, value := range s.Metadata {
		content[key] = mayDiffer.ReplaceAllString(value, "")
	}
	delete(content, "vggtrain.data")
	delete(content, "vggtrain.sources")
	if text, ok := s.Metadata["vggtrain.progress"]; ok {
		var progress map[string]any
		if err := json.Unmarshal([]byte(text), &progress); err != nil {
			return nil, err
		}
		maps.DeleteFunc(progress, func(key string, _ any) bool { return isClock(key) })
		for _, epoch := range progress["history"].([]any) {
			maps.DeleteFunc(epoch.(map[string]any), func(key string, _ any) bool { return isClock(key) })
		}
		content["vggtrain.progress"] = progress
	}
	for _, t := range s.Tensors {
		var bits []byte
		for _, v := range t.Data {
			bits = binary.LittleEndian.AppendUint32(bits, math.Float32bits(v))
		}
		content[t.Name] = fmt.Sprintf("%v %x", t.Shape, sha256.Sum256(bits)) // differences of bits nobody could read
	}
	return content, nil
}

func stepsWithoutClock(path string) (any, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var lines []map[string]any
	for line := range strings.Lines(string(text)) {
		var step map[string]any
		if err := json.Unmarshal([]byte(line), &step); err != nil {
			return nil, fmt.Errorf("%s: line %d: %w", path, len(lines)+1, err)
		}
		delete(step, "seconds")
		lines = append(lines, step)
	}
	return lines, nil
}

func metricsWithoutClock(path string) (any, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil || len(rows) == 0 {
		return nil, fmt.Errorf("%s: %d rows: %w", path, len(rows), err)
	}
	header := slices.Clone(rows[0])
	for i := range rows {
		var kept []string
		for k, field := range rows[i] {
			if !isClock(header[k]) {
				kept = append(kept, field)
			}
		}
		rows[i] = kept
	}
	return rows, nil
}
