package main

import (
	"crypto/sha256"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"vggtrain/checkpoint"
	"vggtrain/configs"
	"vggtrain/internal/memory"
	"vggtrain/model"
)

// evalFile is the environment variable that makes TestLargeDamagedCheckpoint the process that
// reads a file.
const evalFile = "VGGTRAIN_TEST_EVAL"

// process is how a process that did nothing but to read a file ended.
type process struct {
	Status int
	Stderr string
	Peak   int64 // bytes of memory held at most
	Took   time.Duration
}

// The damage is at the end of a checkpoint of vgg11-small. A process of its own reads it, since
// the memory that this one has held is the other tests'.
func TestLargeDamagedCheckpoint(t *testing.T) {
	if path := os.Getenv(evalFile); path != "" {
		evalAlone(t, path)
		return
	}
	if testing.Short() {
		t.Skip("a file of 143 MB")
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "large.bin")
	largeCheckpoint(t, dir, path)
	if p := readAlone(t, path); p.Status != exitDone {
		t.Fatalf("the whole file: %+v", p)
	}

	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	start := time.Now()
	size, err := io.Copy(sha256.New(), f)
	hashed := time.Since(start)
	if err == nil {
		_, err = f.WriteAt([]byte{1}, size-1)
	}
	if err != nil {
		t.Fatal(err)
	}
	p := readAlone(t, path)
	o := outcome{status: p.Status, stderr: p.Stderr}
	if wrong := o.refusal(path, int(size)); wrong != "" {
		t.Errorf("%s\n%s", wrong, p.Stderr)
	}
	if runtime.GOOS == "linux" && p.Peak == 0 || p.Peak > size+readAllowance {
		t.Errorf("%d MB of memory to refuse a file of %d MB", p.Peak>>20, size>>20)
	}
	t.Logf("%d bytes: refused in %v, SHA-256 alone takes %v; %d bytes of memory", size, p.Took, hashed, p.Peak)
}

// largeCheckpoint writes what vgg11-small with momentum is at 56 pixels, all zeros.
func largeCheckpoint(t *testing.T, dir, path string) {
	t.Helper()
	tinyRun(t, dir)
	s, err := checkpoint.Read(filepath.Join(dir, "run", "checkpoint.bin"))
	if err != nil {
		t.Fatal(err)
	}
	text, err := configs.Arch("vgg11-small")
	if err != nil {
		t.Fatal(err)
	}
	arch, err := model.ParseArch("vgg11-small", text)
	if err != nil {
		t.Fatal(err)
	}
	layers, err := model.Resolve(arch, 1, 56, 56, 10)
	if err != nil {
		t.Fatal(err)
	}
	params, err := model.NewParams(layers)
	if err != nil {
		t.Fatal(err)
	}
	s.Metadata["vggtrain.arch"], s.Metadata["vggtrain.input"] = string(text), "1x1x56x56"
	s.Tensors = nil
	for _, p := range params {
		zeros := make([]float32, p.Len())
		s.Tensors = append(s.Tensors, checkpoint.Tensor{Name: p.Name, Shape: p.Shape, Data: zeros},
			checkpoint.Tensor{Name: "optimizer/momentum/" + p.Name, Shape: p.Shape, Data: zeros})
	}
	if err := checkpoint.Write(path, s); err != nil {
		t.Fatal(err)
	}
}

// readAlone has a process of its own evaluate a file, on one image.
func readAlone(t *testing.T, path string) (p process) {
	t.Helper()
	again := exec.Command(os.Args[0], "-test.run=^TestLargeDamagedCheckpoint$")
	again.Env = append(os.Environ(), evalFile+"="+path)
	if out, err := again.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	text, err := os.ReadFile(path + ".json")
	if err == nil {
		err = json.Unmarshal(text, &p)
	}
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func evalAlone(t *testing.T, path string) {
	o := execution("eval", path, "--data", "sample", "--limit", "1", "--batch-size", "1", "--threads", "1")
	text, err := json.Marshal(process{o.status, o.stderr, memory.Peak(), o.took})
	if err == nil {
		err = os.WriteFile(path+".json", text, 0o666)
	}
	if err != nil {
		t.Fatal(err)
	}
}
