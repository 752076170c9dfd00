package main

import (
	"bytes"
	"strings"
	"testing"
)

// The sample is grey: --channels 3 measures the network of colour on it.
func TestBenchChannels(t *testing.T) {
	for channels, want := range map[string]string{"auto": "32x32 pixels, batch 2", "1": "32x32 pixels, batch 2", "3": "32x32 pixels in colour, batch 2"} {
		var stdout, stderr bytes.Buffer
		args := []string{"bench", "--data", "sample", "--arch", "lenet", "--resize", "32", "--batch-size", "2", "--steps", "1", "--channels", channels}
		if status := execute(t.Context(), newRootCommand(), args, &stdout, &stderr); status != exitDone || !strings.Contains(stdout.String(), want) {
			t.Errorf("--channels %s: exit status %d, %q, not %q; %s", channels, status, &stdout, want, &stderr)
		}
	}
}
