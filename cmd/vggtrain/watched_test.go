package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"

	"vggtrain/checkpoint"
	"vggtrain/internal/crash"
)

// What the environment tells the command "watched", which is else like vggtrain: what is to happen at
// which points, "KILL step:3" a line, and a file for a line a point that it reaches.
const (
	watchedAt  = "VGGTRAIN_TEST_AT"
	watchedLog = "VGGTRAIN_TEST_POINTS"
)

// hold is what can happen at a point beside the signals: the process tells of it, and waits, by the
// files that it was given.
const hold = "HOLD"

var signals = map[string]os.Signal{"INT": os.Interrupt, "TERM": syscall.SIGTERM, "KILL": os.Kill}

// watched is run, watched: the moments of a save have names, see internal/crash.
func watched() int {
	ctx, stop := untilSignal(context.Background())
	defer stop()
	ignoreWriteSignals()
	w := watcher{
		ctx: ctx, count: map[string]int{}, at: map[string]string{},
		held: os.NewFile(3, "held"), release: os.NewFile(4, "release"), // exec.Cmd's ExtraFiles
	}
	for line := range strings.Lines(os.Getenv(watchedAt)) {
		what, point, _ := strings.Cut(strings.TrimSpace(line), " ")
		w.at[point] = what
	}
	if path := os.Getenv(watchedLog); path != "" {
		log, err := os.Create(path)
		if err != nil {
			panic(err)
		}
		defer log.Close()
		w.log = log
	}
	crash.Watch(w.reached)
	return execute(ctx, newRootCommand(), os.Args[1:], os.Stdout, os.Stderr)
}

type watcher struct {
	ctx           context.Context   // until a signal that can be caught
	at            map[string]string // what happens: at "rename checkpoint.bin:2", the second time, "INT"
	log           *os.File          // nil: none
	held, release *os.File          // written as the process is held, and read until it may go on
	mu            sync.Mutex
	count         map[string]int
}

// reached keeps whoever reaches a point waiting while something happens at it: a run that is killed does
// nothing more, one that is to end knows it before it goes on, and one that is held stands still.
func (w *watcher) reached(what, path string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	point := what
	if of, temp := checkpoint.TempOf(path); temp {
		path = of
	}
	if path != "" {
		point += " " + filepath.Base(path)
	}
	w.count[point]++
	if w.log != nil {
		fmt.Fprintln(w.log, point)
	}
	switch happens := w.at[fmt.Sprintf("%s:%d", point, w.count[point])]; happens {
	case "":
	case hold:
		fmt.Fprintln(w.held)
		_, _ = w.release.Read(make([]byte, 1)) // its end is as good: nobody is there any more
	default:
		self, err := os.FindProcess(os.Getpid())
		if err == nil {
			err = self.Signal(signals[happens])
		}
		if err != nil {
			panic(err)
		}
		if !signal.Ignored(signals[happens]) {
			<-w.ctx.Done()
		}
	}
}
