// Package rundir manages the folder of a run: its files, and a lock for one process at a time.
//
//	config.yaml     the settings, written once at the start
//	steps.jsonl     a line a step, written as the step ends
//	metrics.csv     a line an epoch
//	checkpoint.bin  the newest state
//	best.bin        the weights of the best epoch
//	curves.png      loss, accuracy and learning rate until the newest epoch
//	report.html     all there is to see of the run, as a page
//	score.json      the evaluation that the page shows
//	events.out.…    its curves for TensorBoard, if they are asked for
//	best.bin.whole  the weights of the best whole epoch, while best.bin has those of a cut one
//	.lock           there while a process works on the run, and after one was killed
package rundir

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"github.com/gofrs/flock"

	"vggtrain/checkpoint"
)

// Dir is a run folder. Write only to one from Create, CreateDefault or Open, until Close.
type Dir struct {
	path    string
	created []string // the folders that Create made, outermost first

	tryLock func(*flock.Flock) (bool, error) // the system's; tests inject others
	flush   func(*os.File) error             // likewise
	lacks   []string                         // what the file system lacks: Notices

	mu     sync.Mutex   // guards what follows
	lock   *flock.Flock // nil: not ours
	folder fs.FileInfo  // which folder it is that is locked
	taken  error        // set once another process has taken the folder; never cleared
}

// At returns the folder at path for reading. It does not check that it exists.
func At(path string) *Dir {
	return &Dir{path: filepath.Clean(path), tryLock: (*flock.Flock).TryLock, flush: (*os.File).Sync}
}

// Notices tells what the folder's file system lacks, a line each: a run goes on without it.
func (d *Dir) Notices() []string { return d.lacks }

// Path is the cleaned path of the folder.
func (d *Dir) Path() string { return d.path }

// Paths of the files listed in the package's comment.
func (d *Dir) Config() string      { return d.file(configName) }
func (d *Dir) StepsFile() string   { return d.file(stepsName) }
func (d *Dir) MetricsFile() string { return d.file(metricsName) }
func (d *Dir) Checkpoint() string  { return d.file(checkpointName) }
func (d *Dir) Best() string        { return d.file(bestName) }
func (d *Dir) Curves() string      { return d.file(curvesName) }
func (d *Dir) Report() string      { return d.file(reportName) }
func (d *Dir) Score() string       { return d.file(scoreName) }

func (d *Dir) file(name string) string { return filepath.Join(d.path, name) }

const (
	configName     = "config.yaml"
	stepsName      = "steps.jsonl"
	metricsName    = "metrics.csv"
	checkpointName = "checkpoint.bin"
	bestName       = "best.bin"
	asideName      = "best.bin.whole"
	curvesName     = "curves.png"
	reportName     = "report.html"
	scoreName      = "score.json"
	lockName       = ".lock"
)

// Write writes a file of the folder atomically. It is an error if the folder is no longer the locked
// one.
func (d *Dir) Write(path string, text []byte) error {
	if err := d.Held(); err != nil {
		return err
	}
	return checkpoint.Replace(path, func(w io.Writer) error {
		_, err := w.Write(text)
		return err
	})
}

const (
	adviceOut   = "fix this, or choose another --out"
	adviceAgain = "fix this and try again"
)

// systemError turns "mkdir a/b: permission denied" into "a/b: permission denied: advice".
func systemError(path string, err error, advice string) error {
	cause := checkpoint.Cause(err)
	if checkpoint.IsFull(cause) {
		advice = "free some room and try again"
	}
	return fmt.Errorf("%s: %w: %s", path, cause, advice)
}
