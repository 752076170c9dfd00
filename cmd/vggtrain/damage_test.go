package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"vggtrain/checkpoint/checkpointtest"
)

// What reading a file may allocate beyond the file's size, garbage included.
const readAllowance = 100 << 20

// outcome is how a command line ended.
type outcome struct {
	status         int
	stdout, stderr string
	allocated      uint64 // bytes
	took           time.Duration
}

// execution runs a command line in this process, as main does.
func execution(args ...string) outcome {
	var stdout, stderr bytes.Buffer
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	start := time.Now()
	status := execute(context.Background(), newRootCommand(), args, &stdout, &stderr)
	took := time.Since(start)
	runtime.ReadMemStats(&after)
	return outcome{status, stdout.String(), stderr.String(), after.TotalAlloc - before.TotalAlloc, took}
}

// refusal says what is wrong with how a command line ended that read a bad file: it must end with
// status 1 and one line that names the file, after bounded work. It is empty if all is right.
func (o *outcome) refusal(path string, size int) string {
	line, rest, ended := strings.Cut(o.stderr, "\n")
	switch {
	case o.status != exitFailed:
		return fmt.Sprintf("exit status %d", o.status)
	case o.stdout != "":
		return "standard output: " + o.stdout
	case !ended || rest != "" || !strings.HasPrefix(line, "vggtrain: ") || !strings.Contains(line, path):
		return "not one error line that names the file"
	case !utf8.ValidString(line) || strings.ContainsFunc(line, unicode.IsControl):
		return fmt.Sprintf("control characters: %q", line)
	case strings.Contains(line, "internal error"):
		return "a panic"
	case o.allocated > uint64(size)+readAllowance:
		return fmt.Sprintf("%d bytes allocated for a file of %d", o.allocated, size)
	}
	return ""
}

// reader is a command that reads a checkpoint.
type reader struct {
	name string
	args func(path string) []string
}

// readers returns the commands that read a checkpoint. None of them gets as far as to write
// something if the file is refused.
func readers(dir string) []reader {
	return []reader{
		{"eval", func(path string) []string { return []string{"eval", path, "--data", "sample"} }},
		{"init", func(path string) []string {
			return slices.Concat([]string{"fit", "--init", path, "--out", filepath.Join(dir, "unwanted")}, tinyFit(dir))
		}},
		{"resume", func(path string) []string {
			return []string{"fit", "--resume", path, "--max-steps", "3", "--threads", "1"}
		}},
	}
}

// tinyFit returns fit's flags for a run of moments on the embedded images.
func tinyFit(dir string) []string {
	return []string{"--arch", filepath.Join(dir, "tiny.yaml"), "--data", "sample", "--resize", "16", "--batch-size", "16",
		"--limit-train", "32", "--limit-val", "16", "--max-steps", "1", "--momentum", "0.9", "--threads", "1"}
}

// tinyRun makes a run of a tiny network in dir/run, with momentum, and returns its checkpoint.
func tinyRun(t *testing.T, dir string) []byte {
	t.Helper()
	arch := "name: tiny\nblocks: [[1, 4]]\nhidden: [16]\ndropout: 0.5\n"
	if err := os.WriteFile(filepath.Join(dir, "tiny.yaml"), []byte(arch), 0o666); err != nil {
		t.Fatal(err)
	}
	run := filepath.Join(dir, "run")
	if o := execution(append(tinyFit(dir), "fit", "--out", run)...); o.status != exitDone {
		t.Fatalf("exit status %d\n%s", o.status, o.stderr)
	}
	whole, err := os.ReadFile(filepath.Join(run, "checkpoint.bin"))
	if err != nil {
		t.Fatal(err)
	}
	return whole
}

// loneCheckpoint puts a checkpoint.bin into a folder of its own, from which a run can go on.
func loneCheckpoint(t *testing.T, dir string, content []byte) string {
	t.Helper()
	path := filepath.Join(dir, "lone", "checkpoint.bin")
	if err := errors.Join(os.Mkdir(filepath.Dir(path), 0o777), os.WriteFile(path, content, 0o666)); err != nil {
		t.Fatal(err)
	}
	return path
}

// Every damage is found by each command, in one line, within bounded memory. The log says how long that
// takes, beside a file whose damage is found at its very end.
func TestDamagedCheckpoints(t *testing.T) {
	const seed = 5
	flips, others := 1000, 20
	if soak {
		flips, others = 10_000, 200
	}
	dir := t.TempDir()
	whole := tinyRun(t, dir)
	path := loneCheckpoint(t, dir, whole)
	for _, r := range readers(dir) {
		if o := execution(r.args(path)...); o.status != exitDone {
			t.Fatalf("%s of the whole file: %s", r.name, o.stderr)
		}
	}
	if err := os.RemoveAll(filepath.Join(dir, "unwanted")); err != nil {
		t.Fatal(err)
	}
	var most uint64
	for i, r := range readers(dir) {
		count := others
		if i == 0 {
			count = flips
		}
		t.Run(r.name, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(seed, uint64(i)))
			kinds := map[string]int{}
			var damaged, last []time.Duration
			for n := range count {
				bad, kind := damage(rng, whole)
				if n%16 == 0 {
					bad, kind = lastDigit(whole), "digest"
				}
				kinds[kind]++
				if err := os.WriteFile(path, bad, 0o666); err != nil {
					t.Fatal(err)
				}
				o := execution(r.args(path)...)
				if wrong := o.refusal(path, len(bad)); wrong != "" {
					t.Fatalf("seed %d, damage %d (%s): %s\n%s", seed, n, kind, wrong, o.stderr)
				}
				most = max(most, o.allocated)
				if kind == "digest" {
					last = append(last, o.took)
				} else {
					damaged = append(damaged, o.took)
				}
			}
			t.Logf("seed %d: %v; at most %d KiB allocated for files of %d KiB; medians: %v, whole file read %v",
				seed, kinds, most>>10, len(whole)>>10, median(damaged), median(last))
		})
	}
	if _, err := os.Stat(filepath.Join(dir, "unwanted")); err == nil {
		t.Error("a run folder was made")
	}
}

// damage returns the file with one bit flipped, bytes cut out or bytes added, half of the time in
// its header.
func damage(rng *rand.Rand, whole []byte) (bad []byte, kind string) {
	at := rng.IntN(len(whole))
	if rng.IntN(2) == 0 {
		at = rng.IntN(8 + int(binary.LittleEndian.Uint64(whole)))
	}
	length := 1 + rng.IntN(1<<rng.IntN(14))
	switch rng.IntN(6) {
	case 0, 1:
		bad = bytes.Clone(whole)
		bad[at] ^= 1 << rng.IntN(8)
		return bad, "flip"
	case 2:
		return whole[:at], "cut"
	case 3:
		return slices.Concat(whole[:at], whole[min(at+length, len(whole)):]), "cut out"
	case 4:
		at = len(whole)
		kind = "added at the end"
	default:
		kind = "added"
	}
	return slices.Concat(whole[:at], extra(rng, whole, length), whole[at:]), kind
}

// extra returns zeros, random bytes, or bytes of the file itself.
func extra(rng *rand.Rand, whole []byte, length int) []byte {
	bytes := make([]byte, length)
	switch rng.IntN(3) {
	case 0:
		for i := range bytes {
			bytes[i] = byte(rng.Uint32())
		}
	case 1:
		copy(bytes, whole[rng.IntN(len(whole)):])
	}
	return bytes
}

// lastDigit returns the file with another digest: nothing is wrong with it until all is read.
func lastDigit(whole []byte) []byte {
	const key = `"vggtrain.sha256":"`
	bad := bytes.Clone(whole)
	digit := &bad[bytes.Index(bad, []byte(key))+len(key)+63]
	if *digit++; *digit == '9'+1 || *digit == 'f'+1 {
		*digit = '0'
	}
	return bad
}

func median(d []time.Duration) time.Duration {
	slices.Sort(d)
	return d[len(d)/2]
}

// Files that contradict themselves, with digests that are right.
func TestHostileCheckpoints(t *testing.T) {
	dir := t.TempDir()
	path := loneCheckpoint(t, dir, tinyRun(t, dir))
	for _, test := range checkpointtest.Hostile() {
		file := test.File()
		if err := os.WriteFile(path, file, 0o666); err != nil {
			t.Fatal(err)
		}
		for _, r := range readers(dir) {
			o := execution(r.args(path)...)
			if wrong := o.refusal(path, len(file)); wrong != "" {
				t.Errorf("%s, %s: %s\n%s", test.Name, r.name, wrong, o.stderr)
			}
			// fit --init takes files without a digest too, and finds other things wrong with them.
			if r.name != "init" && !strings.Contains(o.stderr, test.Want) {
				t.Errorf("%s, %s: %q is not in\n%s", test.Name, r.name, test.Want, o.stderr)
			}
		}
	}
}
