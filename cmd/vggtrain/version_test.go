package main

import (
	"runtime"
	"runtime/debug"
	"strings"
	"testing"

	"vggtrain/internal/kernel"
)

func TestDescribeBuild(t *testing.T) {
	info := &debug.BuildInfo{Main: debug.Module{Version: "v0.0.0-20260102030405-0123456789ab"}, Settings: []debug.BuildSetting{
		{Key: "vcs.revision", Value: "0123456789abcdef"}, {Key: "vcs.time", Value: "2026-01-02T03:04:05Z"}, {Key: "vcs.modified", Value: "true"},
	}}
	tests := []struct {
		info     *debug.BuildInfo
		released string
		first    string
		second   string
	}{
		{info, "", "vggtrain v0.0.0-20260102030405-0123456789ab go", "commit   0123456789abcdef of 2026-01-02T03:04:05Z, modified"},
		{info, "v1.2.3", "vggtrain v1.2.3 go", "commit   0123456789abcdef of 2026-01-02T03:04:05Z, modified"},
		{&debug.BuildInfo{Main: debug.Module{Version: "(devel)"}}, "", "vggtrain (devel) go", "commit   unknown"},
		{&debug.BuildInfo{}, "", "vggtrain (unknown) go", "commit   unknown"},
	}
	for _, test := range tests {
		var text strings.Builder
		if err := describeBuild(test.info, test.released).write(&text); err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(text.String(), "\n")
		if len(lines) != 4 || !strings.HasPrefix(lines[0], test.first) || !strings.HasSuffix(lines[0], runtime.GOOS+"/"+runtime.GOARCH) ||
			lines[1] != test.second || !strings.HasSuffix(lines[2], kernel.Generic) {
			t.Errorf("%s\nwant %q, %q", &text, test.first, test.second)
		}
	}
}
