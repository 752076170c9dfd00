package fetch

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"vggtrain/internal/display"
	"vggtrain/internal/files"
	"vggtrain/internal/idx"

	"github.com/dustin/go-humanize"
)

// fetchFile puts one file into the folder, from the first mirror that has it.
func (f fetcher) fetchFile(ctx context.Context, p idx.File, ranked []string) error {
	part, err := openPart(f.place(p)+".part", largest(p))
	if err != nil {
		return err
	}
	// A part that is there is first asked for where it comes from.
	for i, mirror := range ranked {
		if fileURL(mirror, p) == part.of.URL {
			ranked = append([]string{mirror}, append(ranked[:i:i], ranked[i+1:]...)...)
			break
		}
	}
	err = f.inRounds(ctx, ranked, func(mirrors []string) (failures []failure) {
		for _, mirror := range mirrors {
			err := f.fromMirror(ctx, part, p, fileURL(mirror, p))
			if err == nil {
				return nil
			}
			failures = append(failures, failure{mirror, err})
			if isDisks(err) || ctx.Err() != nil {
				break
			}
		}
		return failures
	})
	if err == nil {
		err = part.finish(f.place(p))
	}
	if err != nil {
		part.leave()
		if isDisks(err) || ctx.Err() != nil {
			return err
		}
		return fmt.Errorf("%s.gz: %w", p.Name, err)
	}
	f.Progress(Progress{File: p.Name + ".gz", Done: part.size, Size: part.size, Finished: true})
	return nil
}

// fromMirror completes the part. It asks again as long as that brings more, and begins anew at most
// once.
func (f fetcher) fromMirror(ctx context.Context, part *part, p idx.File, from string) error {
	for restarted := false; ; {
		before := part.size
		resumed, err := f.transfer(ctx, part, p, from)
		complete := err == nil
		if complete {
			err = whole(part, p)
		}
		if err == nil || isDisks(err) || ctx.Err() != nil {
			return err
		}
		switch {
		case err == errStale, complete && resumed: // the pieces were not of one file
			if restarted {
				return err
			}
			restarted = true
		case complete, isPermanent(err), part.size-before < pace:
			return err
		}
	}
}

// whole checks a complete part, and empties it if it is wrong.
func whole(part *part, p idx.File) error {
	err := part.check(p)
	if err == nil {
		return nil
	}
	if part.of.Size > 0 { // else it may have been cut
		err = permanent{err}
	}
	return part.discard(err)
}

// errStale reports that a part was emptied, since the mirror cannot go on from it.
var errStale = errors.New("the mirror cannot go on where it stopped")

// transfer adds the rest to the part (resumed), or begins it anew if the mirror cannot go on from it.
func (f fetcher) transfer(ctx context.Context, part *part, p idx.File, from string) (resumed bool, err error) {
	header := http.Header{}
	resumable := part.size > 0 && part.of.URL == from && part.of.Validator != ""
	if resumable {
		if part.size == part.of.Size {
			return true, nil
		}
		header.Set("Range", fmt.Sprintf("bytes=%d-", part.size))
		header.Set("If-Range", part.of.Validator) // all of it where it has changed
	}
	err = f.get(ctx, from, header, func(response *http.Response, body io.Reader) error {
		switch status := response.StatusCode; {
		case status == http.StatusOK:
			if err := part.begin(sourceOf(from, response)); err != nil {
				return err
			}
			if body, err = begunRightly(body, response, p); err != nil {
				return err
			}
		case resumable && status == http.StatusPartialContent && part.continuedBy(response):
			resumed = true
			f.Notice(fmt.Sprintf("%s.gz: going on after %s", p.Name, humanize.Bytes(uint64(part.size))))
		case resumable && (status == http.StatusPartialContent || status == http.StatusRequestedRangeNotSatisfiable):
			return part.discard(errStale)
		default:
			return statusError(status)
		}
		return f.copy(part, body, p)
	})
	return resumed, err
}

// continuedBy reports whether an answer is the rest of the part.
func (p *part) continuedBy(response *http.Response) bool {
	var first, last, size int64
	n, _ := fmt.Sscanf(response.Header.Get("Content-Range"), "bytes %d-%d/%d", &first, &last, &size)
	now := sourceOf(p.of.URL, response)
	return n == 3 && first == p.size && last == size-1 && (size == p.of.Size || p.of.Size == 0) &&
		(now.Validator == p.of.Validator || now.Validator == "")
}

// begunRightly returns body if its first bytes are a file's. Networks with a login answer with a page.
func begunRightly(body io.Reader, response *http.Response, p idx.File) (io.Reader, error) {
	start := make([]byte, 4)
	n, err := io.ReadFull(body, start)
	if err != nil && !files.IsCut(err) {
		return nil, err
	}
	if err == nil && !bytes.HasPrefix(start, []byte(idx.GzipMagic)) && binary.BigEndian.Uint32(start) != p.Magic {
		return nil, notTheFile(response)
	}
	return io.MultiReader(bytes.NewReader(start[:n]), body), nil
}

func notTheFile(response *http.Response) error {
	kind, _, _ := strings.Cut(response.Header.Get("Content-Type"), ";")
	if !display.Printable(kind) || kind == "" {
		kind = "something else"
	}
	return permanent{fmt.Errorf("sent %s and not the file: perhaps a page to log in", kind)}
}

// copy adds body to the part.
func (f fetcher) copy(part *part, body io.Reader, p idx.File) error {
	left := largest(p) - part.size
	n, err := io.Copy(&watchedPart{part, p.Name + ".gz", f.Progress}, io.LimitReader(body, left+1))
	if n > left {
		return part.discard(tooLarge(p))
	}
	return err
}

// watchedPart reports each growth of a part.
type watchedPart struct {
	*part
	name     string
	progress func(Progress)
}

func (w *watchedPart) Write(b []byte) (int, error) {
	n, err := w.part.Write(b)
	w.progress(Progress{File: w.name, Done: w.size, Size: w.of.Size})
	return n, err
}
