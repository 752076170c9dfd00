package fetch

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"vggtrain/internal/idx"
)

// mirrors hold the four files as name.gz. The first is the authors' own. Plain http is no risk: files
// count only with the right checksum.
var mirrors = []string{
	"http://fashion-mnist.s3-website.eu-central-1.amazonaws.com",
	"https://storage.googleapis.com/tensorflow/tf-keras-datasets",
	"https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion",
	"https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion",
}

// CheckMirror returns an error unless a mirror is a folder by http or https.
func CheckMirror(mirror string) error {
	u, err := url.Parse(mirror)
	switch {
	case err != nil:
		return errors.New("not a URL")
	case u.Scheme != "http" && u.Scheme != "https" || u.Host == "":
		return errors.New("must begin with http:// or https:// and a host")
	case u.RawQuery != "" || u.Fragment != "":
		return errors.New("must be a folder: the files' names are put after it, so it can have no ? or #")
	}
	return nil
}

func fileURL(mirror string, p idx.File) string {
	return strings.TrimSuffix(mirror, "/") + "/" + p.Name + ".gz"
}

// host names a mirror in messages.
func host(mirror string) string {
	if u, err := url.Parse(mirror); err == nil && u.Host != "" {
		return u.Host
	}
	return mirror
}

// failure is a mirror's reason not to give a file.
type failure struct {
	mirror string
	err    error
}

// inRounds calls ask with the mirrors until it succeeds, at most o.Tries times, with a longer pause
// each time. Mirrors with a permanent failure are not asked again. It ends early if ctx is done or the
// disk is at fault: no mirror mends that.
func (o Options) inRounds(ctx context.Context, mirrors []string, ask func(mirrors []string) []failure) error {
	last := map[string]error{}
	for round, left := 0, mirrors; round < o.Tries && len(left) > 0; round++ {
		if round > 0 {
			pause := o.Pause << (round - 1)
			o.Notice(fmt.Sprintf("%s; asking again in %v", reasons(left, last), pause))
			select {
			case <-ctx.Done():
			case <-time.After(pause):
			}
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		failures := ask(left)
		if failures == nil {
			return nil
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		left = nil
		for _, failed := range failures {
			if isDisks(failed.err) {
				return failed.err
			}
			last[failed.mirror] = failed.err
			if !isPermanent(failed.err) {
				left = append(left, failed.mirror)
			}
		}
	}
	return errors.New(reasons(mirrors, last))
}

// reasons say of each mirror why it did not give a file.
func reasons(mirrors []string, failed map[string]error) string {
	var all []string
	for _, mirror := range mirrors {
		all = append(all, host(mirror)+": "+reason(failed[mirror]))
	}
	return strings.Join(all, "; ")
}

// NoMirrorError reports that no mirror sends a file.
type NoMirrorError struct {
	File string
	Err  error
}

func (e *NoMirrorError) Error() string { return fmt.Sprintf("no mirror serves %s (%v)", e.File, e.Err) }
func (e *NoMirrorError) Unwrap() error { return e.Err }

// probe asks all mirrors at once for the smallest file, and returns them with the first right answer's
// in front. A mirror that hangs costs nothing.
func (o Options) probe(ctx context.Context) ([]string, error) {
	first := ""
	err := o.inRounds(ctx, o.Mirrors, func(mirrors []string) (failures []failure) {
		ctx, cancel := context.WithTimeout(ctx, o.Connect)
		defer cancel()
		answers := make(chan failure, len(mirrors)) // so that nobody waits to tell
		for _, mirror := range mirrors {
			go func() { answers <- failure{mirror, o.has(ctx, mirror)} }()
		}
		for range mirrors {
			answer := <-answers
			if answer.err == nil {
				first = answer.mirror
				return nil
			}
			failures = append(failures, answer)
		}
		return failures
	})
	if err != nil && ctx.Err() == nil {
		return nil, &NoMirrorError{o.files[3].Name + ".gz", err}
	}
	return inFront(o.Mirrors, func(mirror string) bool { return mirror == first }), err
}

// inFront returns the mirrors with the first that is as said in front, if there is one.
func inFront(mirrors []string, is func(mirror string) bool) []string {
	i := slices.IndexFunc(mirrors, is)
	if i < 0 {
		return mirrors
	}
	return slices.Concat(mirrors[i:i+1], mirrors[:i], mirrors[i+1:])
}

// has returns an error unless a mirror sends the smallest file.
func (o Options) has(ctx context.Context, mirror string) error {
	small := o.files[3]
	var file bytes.Buffer
	err := o.get(ctx, fileURL(mirror, small), http.Header{}, func(response *http.Response, body io.Reader) error {
		if response.StatusCode != http.StatusOK {
			return statusError(response.StatusCode)
		}
		return receive(&file, 0, response, body, small)
	})
	if err != nil {
		return err
	}
	if err := verify(&file, int64(file.Len()), small); err != nil {
		return permanent{err}
	}
	return nil
}

// verify checks that r holds the published file, packed or plain.
func verify(r io.Reader, size int64, p idx.File) error {
	content, err := idx.Read(r, size, p.Kind(), p.Size)
	if err != nil {
		return err
	}
	if !p.Is(content) {
		return errors.New("not the published file")
	}
	return nil
}
