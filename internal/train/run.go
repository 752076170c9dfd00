// Package train runs a training: it makes a Job of resolved settings (Prepare), trains and evaluates
// it epoch by epoch (Run), and keeps its checkpoints. Observers show the run and write its other
// files.
//
// Batches are N×S×S×1, N images of side S.
package train

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Run trains a job to its end, to a divergence, or until ctx is done: then the step under
// way ends and the state is saved. A resumed job goes on where its checkpoint is.
//
// The state is saved at the end of each epoch and as often as the recipe says, concurrently with the
// training. A failed write gives a notice and does not end the run; the file before it stays whole.
// If a file is still missing at the end, the result is Incomplete. The error is the cause of a run's
// failure; the result is valid even then.
func Run(ctx context.Context, job *Job, obs ...Observer) (Result, error) {
	start := time.Now()
	m, err := job.assemble(start, obs)
	if err != nil {
		return Result{Status: Failed}, err
	}
	defer m.close()
	end := outcome{status: Failed}
	if err = m.writer.Allocate(); err == nil {
		err = m.open(job)
	}
	if err == nil {
		err = m.observers.begin(m.plan)
	}
	if err == nil {
		m.observers.notice(job.Notices...)
		m.greet(job)
		end, err = m.run(ctx)
	}
	if end.status == Done && m.test(ctx, job) != nil {
		end.status = Interrupted
	}
	result := m.result(end)
	result.Incomplete = errors.Join(end.incomplete, m.observers.end(result))
	result.Notices = slices.Concat(m.plan.Noticed, m.observers.notices) // those of End too
	if err != nil && result.Checkpoint != "" {
		err = fmt.Errorf("%w; the run has stopped, %s holds its newest save", err, result.Checkpoint)
	}
	return result, err
}

// open prepares a resumed run to go on. It reopens a partial epoch that the limits allow to
// continue. It saves the state unless checkpoint.bin holds it, because observers then cut records
// after it.
func (m *session) open(j *Job) error {
	if j.resumed == nil {
		return nil
	}
	if p := m.progress; p.Partial && m.limit() == "" {
		p.Reopen()
		m.plan.History = p.History
		m.saves.Outdate()
	}
	m.plan.Finished = m.limit() != ""
	if len(m.plan.Settings.Changed(j.resumed.Settings)) > 0 {
		m.saves.Outdate()
	}
	return m.saves.Begin(m.progress)
}

// greet gives the notices of a resumed run before its first step.
func (m *session) greet(j *Job) {
	if j.resumed == nil {
		return
	}
	if p := m.progress; m.plan.Finished {
		m.observers.notice(fmt.Sprintf("the run is finished: %d of %d epochs, %d steps; to go on, give it %s",
			len(p.History), m.plan.Epochs, p.Step, more[m.limit()]))
	}
	m.observers.notice(j.resumed.Notices(m.plan.Settings, m.plan.Kernel)...)
	there, err := m.writer.MendBest(m.progress)
	m.saves.MendedBest(there, err)
	switch best := m.progress.BestEpoch; {
	case err != nil:
		m.observers.notice(err.Error())
	case !there && best > 0:
		m.observers.notice(fmt.Sprintf("%s does not hold the weights of the best epoch, %d: it will when an epoch is better", m.writer.Best, best))
	}
}

// more is the flag that lifts the limit of an ended run.
var more = map[string]string{
	"epochs":     "more --epochs",
	"early-stop": "more patience by --early-stop, or --early-stop off",
	"max-steps":  "more --max-steps, or --max-steps off",
}
