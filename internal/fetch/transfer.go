package fetch

import (
	"bufio"
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
func (o Options) fetchFile(ctx context.Context, p idx.File, ranked []string) error {
	part, err := openPart(o.place(p)+".part", largest(p))
	if err != nil {
		return err
	}
	part.grown = func() { o.Progress(Progress{File: p.Name + ".gz", Done: part.size, Size: part.of.Size}) }
	// A part that is there is first asked for where it comes from.
	ranked = inFront(ranked, func(mirror string) bool { return fileURL(mirror, p) == part.of.URL })
	err = o.inRounds(ctx, ranked, func(mirrors []string) (failures []failure) {
		for _, mirror := range mirrors {
			err := o.fromMirror(ctx, part, p, fileURL(mirror, p))
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
		err = part.finish(o.place(p))
	}
	if err != nil {
		part.leave()
		if isDisks(err) || ctx.Err() != nil {
			return err
		}
		return fmt.Errorf("%s.gz: %w", p.Name, err)
	}
	o.Progress(Progress{File: p.Name + ".gz", Done: part.size, Size: part.size, Finished: true})
	return nil
}

// fromMirror completes the part. It asks again as long as that brings more, and begins anew at most
// once.
func (o Options) fromMirror(ctx context.Context, part *part, p idx.File, from string) error {
	for restarted := false; ; {
		before := part.size
		resumed, err := o.transfer(ctx, part, p, from)
		complete := err == nil
		if complete {
			err = part.check(p)
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

// errStale reports that a part was emptied, since the mirror cannot go on from it.
var errStale = errors.New("the mirror cannot go on where it stopped")

// transfer adds the rest to the part (resumed), or begins it anew if the mirror cannot go on from it.
func (o Options) transfer(ctx context.Context, part *part, p idx.File, from string) (resumed bool, err error) {
	header := http.Header{}
	resumable := part.size > 0 && part.of.URL == from && part.of.Validator != ""
	if resumable {
		if part.size == part.of.Size {
			return true, nil
		}
		header.Set("Range", fmt.Sprintf("bytes=%d-", part.size))
		header.Set("If-Range", part.of.Validator) // all of it where it has changed
	}
	err = o.get(ctx, from, header, func(response *http.Response, body io.Reader) error {
		switch status := response.StatusCode; {
		case status == http.StatusOK:
			if err := part.begin(sourceOf(from, response)); err != nil {
				return err
			}
		case resumable && status == http.StatusPartialContent && part.continuedBy(response):
			resumed = true
			o.Notice(fmt.Sprintf("%s.gz: going on after %s", p.Name, humanize.Bytes(uint64(part.size))))
		case resumable && (status == http.StatusPartialContent || status == http.StatusRequestedRangeNotSatisfiable):
			return part.discard(errStale)
		default:
			return statusError(status)
		}
		err := receive(part, part.size, response, body, p)
		if part.size > largest(p) {
			return part.discard(err)
		}
		return err
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

// largest bounds the bytes of a file on a mirror: a packed one is hardly larger than the plain one.
func largest(p idx.File) int64 {
	const slack = 1 << 16
	return p.Size + slack
}

// receive writes a file's body to w, after the bytes that are there. Its first bytes must be a file's:
// networks with a login answer with a page.
func receive(w io.Writer, there int64, response *http.Response, body io.Reader, p idx.File) error {
	if there == 0 {
		buffered := bufio.NewReader(body)
		start, err := buffered.Peek(4)
		if err != nil && !files.IsCut(err) {
			return err
		}
		if err == nil && !bytes.HasPrefix(start, []byte(idx.GzipMagic)) && binary.BigEndian.Uint32(start) != p.Magic {
			kind, _, _ := strings.Cut(response.Header.Get("Content-Type"), ";")
			if !display.Printable(kind) || kind == "" {
				kind = "something else"
			}
			return permanent{fmt.Errorf("sent %s and not the file: perhaps a page to log in", kind)}
		}
		body = buffered
	}
	left := largest(p) - there
	n, err := io.Copy(w, io.LimitReader(body, left+1))
	if n > left {
		return permanent{fmt.Errorf("more than %s bytes sent", humanize.Comma(largest(p)))}
	}
	return err
}
