package pixelcsv

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vggtrain/internal/csvfile"
	"vggtrain/internal/memory/memorytest"
)

func read(ctx context.Context, text string) (*Content, error) {
	rows, err := csvfile.NewReader(strings.NewReader(text))
	if err != nil {
		return nil, err
	}
	return Read(ctx, rows)
}

const names = "label,pixel1,pixel2,pixel3,pixel4\n"

func TestRead(t *testing.T) {
	for text, want := range map[string]*Content{
		names + "9,0,1,254,255\n-3,4,5,6,7\n": {2, []byte{0, 1, 254, 255, 4, 5, 6, 7}, []int64{9, -3}},
		names + " 9.0, 7 ,1.0,2e2,+3":         {2, []byte{7, 1, 200, 3}, []int64{9}},
		"9,0,1,254,255\n8,1,1,1,1":            {2, []byte{0, 1, 254, 255, 1, 1, 1, 1}, []int64{9, 8}},
		"label,1x1\n1,7":                      {1, []byte{7}, []int64{1}},
	} {
		got, err := read(t.Context(), text)
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%q: %v (-want +got):\n%s", text, err, diff)
		}
	}
}

func TestReadErrors(t *testing.T) {
	for text, want := range map[string]string{
		names:                            "no images, only the names of the columns",
		"label,a,b\n1,2,3":               "2 columns of pixels: images must be square, of sides from 1 to 1,024",
		"label\n1":                       "0 columns of pixels: images must be square",
		names + "1,2,3,4,256":            "line 2, column 5: pixel 256: pixels must be whole numbers from 0 to 255",
		names + "1,2,3,4,5\n1,2,0.5,4,5": "line 3, column 3: pixel 0.5: pixels",
		names + "1,2,3,4,NaN":            "pixel NaN",
		names + "1,-1,3,4,5":             "column 2: pixel -1",
		names + "cat,2,3,4,5":            "line 2, column 1: label cat: labels must be integers",
		names + "1.5,2,3,4,5":            "label 1.5",
		names + "Inf,2,3,4,5":            "label Inf",
		names + ",2,3,4,5":               `label ""`,
		names + "1,2,3,4":                "line 2: another number of columns than in line 1",
		"9,0,1,254,256":                  "line 1, column 5: pixel 256",
	} {
		if _, err := read(t.Context(), text); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q: error %v, want %s", text, err, want)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := read(ctx, names+strings.Repeat("1,2,3,4,5\n", 2000)); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

// FuzzRead reads any bytes: one line, or whole images, in memory of a few times the file's size.
func FuzzRead(f *testing.F) {
	for _, text := range []string{names + "9,0,1,254,255\n-3,4,5,6,7\n", "\xef\xbb\xbf" + names + "1, 2 ,3.0,4e0,\"5\"\r\n", "9,0,1,254,255\n", "label,1x1\n1,7", names, "", "a,b\n", "1,\"\n"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var got *Content
		var err error
		bound := 64<<10 + 200*int64(len(text))
		taken := memorytest.Allocated(bound, func() { got, err = read(t.Context(), text) })
		if taken > bound {
			t.Errorf("%d bytes allocated, bound %d", taken, bound)
		}
		switch {
		case err != nil:
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("error %q, want one line", err)
			}
		case len(got.Labels) == 0 || len(got.Pixels) != len(got.Labels)*got.Side*got.Side:
			t.Errorf("%d labels, %d pixels, side %d", len(got.Labels), len(got.Pixels), got.Side)
		}
	})
}
