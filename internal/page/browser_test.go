package page

import (
	"context"
	_ "embed" // of the probe
	"encoding/json"
	"fmt"
	"html"
	"math"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// browser is the path of a Chromium; the test is skipped where there is none.
func browser(t *testing.T) string {
	t.Helper()
	if testing.Short() {
		t.Skip("a browser takes seconds")
	}
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Skip("no Chromium in PATH")
	return ""
}

// probe is a script that looks at the page from inside, as testdata/probe.js says.
//
//go:embed testdata/probe.js
var probe string

// visit is what the probe has seen, once each time that the page was loaded.
type visit struct {
	Troubles     []string // errors, and what the policy has forbidden
	Width        int      // of the window
	ScrollWidth  int      // of the page in it
	Wide         []string // elements that stick out
	Faint        []string // texts and lines with too little contrast
	Unseen       []string // lines that do not show, charts that neither a pointer nor a key reaches
	Astray       []string // dots of values that are not on their lines
	Pictures     int
	Broken       int      // pictures that do not show anything
	Tips         []string // of each chart, where the pointer is in its middle
	Touched      string   // of the first, under a finger at its beginning
	Keys         []string // of the first, at the first, the second and the last value
	Left         bool     // whether a tip goes when the pointer leaves
	Text         string
	Cells        []string // colours of the matrix' cells
	Dark         bool
	ScrollY      float64 // as the page was loaded
	Moved        float64 // pixels that the reader's place has moved in the window by loading it again
	Open         int     // details that were open as it was loaded
	Focused      string  // the figure that had the focus then
	Printed      []int   // details that are open on paper, and after it
	SeesNewsLate bool
}

// dark is the flag of a browser whose user likes it so.
const dark = "--blink-settings=preferredColorScheme=0"

// load shows a page in a window of the given width, for so many (virtual) seconds, and returns what
// the probe has seen each time that it was loaded. The window is a frame: Chromium's own cannot be as
// narrow as a phone's.
func load(t *testing.T, page string, width int, seconds int, flags ...string) []visit {
	t.Helper()
	dir := t.TempDir()
	// The probe has to be allowed as the page's own script is. It comes first, to see all.
	allowed := strings.Replace(page, "script-src", "script-src &#39;"+digest(probe)+"&#39;", 1)
	probed := strings.Replace(allowed, "<title>", "<script>"+probe+"</script><title>", 1)
	if allowed == page || probed == allowed {
		t.Fatal("there is no place for the probe")
	}
	const frame = `<!doctype html><body style="margin:0"><iframe src="page.html" style="width:%dpx;height:900px;border:0"></iframe>
<pre id="seen"></pre><script>addEventListener("message", (e) => { document.getElementById("seen").textContent += e.data + "\n"; });</script>`
	write(t, filepath.Join(dir, "page.html"), probed)
	write(t, filepath.Join(dir, "frame.html"), fmt.Sprintf(frame, width))
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	address := url.URL{Scheme: "file", Path: filepath.ToSlash(filepath.Join(dir, "frame.html"))}
	cmd := exec.CommandContext(ctx, browser(t), append(flags, "--headless", "--no-sandbox", "--disable-gpu", "--window-size=1400,1000",
		"--user-data-dir="+filepath.Join(dir, "profile"), fmt.Sprintf("--virtual-time-budget=%d000", seconds), "--dump-dom", address.String())...)
	cmd.WaitDelay = 5 * time.Second
	var complaints strings.Builder
	cmd.Stderr = &complaints
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, complaints.String())
	}
	_, rest, _ := strings.Cut(string(out), `<pre id="seen">`)
	text, _, found := strings.Cut(rest, "</pre>")
	if !found {
		t.Fatalf("the frame shows\n%s\n%s", out, complaints.String())
	}
	var visits []visit
	for line := range strings.Lines(html.UnescapeString(text)) {
		var v visit
		if err := json.Unmarshal([]byte(line), &v); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		visits = append(visits, v)
	}
	if len(visits) == 0 {
		t.Fatalf("the probe has seen nothing\n%s", complaints.String())
	}
	return visits
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}

// The page in a real browser, as wide as a phone and as a desktop, light and dark.
func TestInABrowser(t *testing.T) {
	page := example(t)
	page.Score.Classes[0] = strings.Repeat("Wolpertinger", 3) // a name that is long, without a place to break
	text := render(t, page)
	for _, c := range []struct {
		width int
		dark  bool
	}{{360, false}, {360, true}, {1280, false}} {
		t.Run(fmt.Sprintf("%d dark %t", c.width, c.dark), func(t *testing.T) {
			var flags []string
			if c.dark {
				flags = append(flags, dark)
			}
			visits := load(t, text, c.width, 3, flags...)
			if len(visits) != 1 {
				t.Errorf("loaded %d times", len(visits))
			}
			v := visits[0]
			if len(v.Troubles) > 0 {
				t.Errorf("troubles: %q", v.Troubles)
			}
			if v.Width != c.width || v.ScrollWidth > v.Width || len(v.Wide) > 0 {
				t.Errorf("a page of %d pixels in a window of %d; too wide: %q", v.ScrollWidth, v.Width, v.Wide)
			}
			if v.Dark != c.dark {
				t.Errorf("dark: %t", v.Dark)
			}
			wantSeen(t, v)
			wantShown(t, v)
		})
	}
}

// wantSeen checks that what is shown can be seen and reached.
func wantSeen(t *testing.T, v visit) {
	t.Helper()
	if len(v.Faint) > 0 {
		t.Errorf("too little contrast (dark: %t): %q", v.Dark, v.Faint)
	}
	if len(v.Unseen) > 0 || len(v.Astray) > 0 {
		t.Errorf("not to be seen or reached: %q; not on their lines: %q", v.Unseen, v.Astray)
	}
}

func wantShown(t *testing.T, v visit) {
	t.Helper()
	if want := []int{3, 0}; !slices.Equal(v.Printed, want) { // epochs, config.yaml and layers
		t.Errorf("on paper and after it %d details are open, want %d", v.Printed, want)
	}
	if want := 2 + 2 + 1 + 3*16; v.Pictures != want || v.Broken > 0 { // errors, filters, input, maps
		t.Errorf("%d pictures, want %d; %d do not show", v.Pictures, want, v.Broken)
	}
	// In the middle of the axis: step 120 of 240, the last of epoch 3; 2.3/4 = 0.575.
	tips := []string{
		"epoch 3 · step 120|training, batch 0.5750|training, smoothed 0.5750|validation 0.8333",
		"epoch 3 · step 120|validation 0.8333", "epoch 3 · step 120|learning rate 0.01", "epoch 3 · step 120|training 800",
	}
	if got, want := strings.Join(v.Tips, "\n"), strings.Join(tips, "\n"); got != want {
		t.Errorf("under the pointer:\n%s\nwant\n%s", got, want)
	}
	if !strings.HasPrefix(v.Touched, "epoch 1 · step 1|training, batch 2.2439|") || !v.Left {
		t.Errorf("under a finger %q; the tip goes: %t", v.Touched, v.Left)
	}
	for i, want := range []string{"epoch 1 · step 1|", "epoch 1 · step 2|", "epoch 6 · step 240|"} {
		if i >= len(v.Keys) || !strings.HasPrefix(v.Keys[i], want) {
			t.Errorf("by keys: %q, want %q there", v.Keys, want)
		}
	}
	for _, want := range []string{"vgg11-small", "0.8560", "1,991", "99.87\u00a0%", "87.5\u00a0%", "68.7\u00a0%", "vggtrain fit --recipe runs/x/config.yaml"} {
		if !strings.Contains(v.Text, want) {
			t.Errorf("%q is not to be seen", want)
		}
	}
	shades := map[string]bool{}
	for _, c := range v.Cells {
		shades[c] = true
	}
	if len(v.Cells) != 9 || len(shades) != 6 { // c9, c10; e0, e1, e3, e5
		t.Errorf("shades of the matrix: %q", v.Cells)
	}
}

// A matrix of many classes scrolls in its frame, and the page stays as wide as a phone. Numbers can
// be read on all its shades.
func TestManyClassesInABrowser(t *testing.T) {
	page := example(t)
	page.Score = &Score{Epoch: 6}
	for k := range maxMatrix {
		row, shade := make([]int64, maxMatrix), int64(k%11)
		row[k] = max(shade*shade-shade+1, 1) // of 100: 10 times its root is above shade-1 and not above shade
		row[(k+1)%maxMatrix] = 100 - row[k]
		page.Score.Classes = append(page.Score.Classes, fmt.Sprintf("%d: a name of no small length", k))
		page.Score.Confusion = append(page.Score.Confusion, row)
		page.Score.PerClass = append(page.Score.PerClass, ClassScore{1, 1, 1, 100})
	}
	text := render(t, page)
	for _, flags := range [][]string{nil, {dark}} {
		v := load(t, text, 360, 3, flags...)[0]
		if len(v.Cells) != maxMatrix*maxMatrix || v.ScrollWidth > 360 || len(v.Wide)+len(v.Troubles) > 0 {
			t.Errorf("%d cells, a page of %d pixels, too wide: %q; %q", len(v.Cells), v.ScrollWidth, v.Wide, v.Troubles)
		}
		wantSeen(t, v)
	}
}

// While a run is on the page reloads itself, shows the same place again, and says if it gets old.
func TestReloadInABrowser(t *testing.T) {
	page := example(t)
	page.State, page.Reload, page.Stale, page.Written = Running, 4*time.Second, time.Hour, time.Now()
	visits := load(t, render(t, page), 800, 16)
	// A browser that has just begun may lose what it has stored for the first reload.
	again := slices.IndexFunc(visits, func(v visit) bool { return v.Open > 0 })
	if again < 1 {
		t.Fatalf("loaded %d times, and what the reader has opened is closed", len(visits))
	}
	next := visits[again]
	if len(next.Troubles) > 0 {
		t.Errorf("troubles: %q", next.Troubles)
	}
	if math.Abs(next.Moved) > 1 || next.ScrollY == 0 {
		t.Errorf("the reader's place has moved by %v pixels, to %v", next.Moved, next.ScrollY)
	}
	if next.Open != 1 || next.Focused != "curve-loss" || next.SeesNewsLate {
		t.Errorf("%d details are open, %q has the focus, said to be old: %t", next.Open, next.Focused, next.SeesNewsLate)
	}
	page.Written = time.Now().Add(-2 * time.Hour)
	if v := load(t, render(t, page), 800, 3)[0]; !v.SeesNewsLate {
		t.Error("a page of two hours ago does not say that it is old")
	}
}

// What somebody has selected, or the value of a chart that is shown, is not taken away for a minute.
func TestReloadUnderAReader(t *testing.T) {
	page := example(t)
	page.State, page.Reload, page.Stale, page.Written = Running, 4*time.Second, time.Hour, time.Now()
	for _, reader := range []string{"selects", "points"} {
		text := strings.Replace(render(t, page), "<html ", `<html data-reader="`+reader+`" `, 1)
		if n := len(load(t, text, 800, 90)); n != 2 {
			t.Errorf("loaded %d times in 90 seconds for one who %s, want 2", n, reader)
		}
	}
}
