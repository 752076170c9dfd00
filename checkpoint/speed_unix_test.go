//go:build unix

package checkpoint

import (
	"fmt"
	"path/filepath"
	"syscall"
	"testing"
)

// 143 MB, what vgg11-small at 56 takes with its momenta. The metric cpu-ms/op is the processor
// time of all threads, the system's work for them included: what a save takes from a training
// beside it. Most of it is SHA-256 (go test -bench Hash8K crypto/sha256).
func BenchmarkWriteRead(b *testing.B) {
	s := &State{}
	for i := range 4 {
		data := make([]float32, 8_960_000)
		for j := range data {
			data[j] = float32(j)
		}
		s.Tensors = append(s.Tensors, Tensor{fmt.Sprint(i), []int{len(data)}, data})
	}
	path := filepath.Join(b.TempDir(), "checkpoint.bin")
	if err := Write(path, s); err != nil {
		b.Fatal(err)
	}
	bench := func(name string, do func() error) {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(4 * 4 * 8_960_000)
			start := processorSeconds(b)
			for b.Loop() {
				if err := do(); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(1e3*(processorSeconds(b)-start)/float64(b.N), "cpu-ms/op")
		})
	}
	bench("write", func() error { return Write(path, s) })
	bench("read", func() error { _, err := Read(path); return err })
}

func processorSeconds(b *testing.B) float64 {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		b.Fatal(err)
	}
	return float64(r.Utime.Nano()+r.Stime.Nano()) / 1e9
}
