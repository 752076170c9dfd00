package dataset

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
)

// mirrors hold the four files as name.gz. The first is the authors' own; what comes from any of
// them counts only with the right checksum, so that plain http is no risk.
var mirrors = []string{
	"http://fashion-mnist.s3-website.eu-central-1.amazonaws.com",
	"https://storage.googleapis.com/tensorflow/tf-keras-datasets",
	"https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion",
	"https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion",
}

// packedSlack is how much larger than the plain file we let a packed one be.
const packedSlack = 1 << 16

// pace is how much a mirror must send in the stall time: one that sends a byte now and then would
// keep us for weeks.
const pace = 16 << 10

// fetcher downloads the published files.
type fetcher struct {
	client  *http.Client
	mirrors []string
	connect time.Duration // in which some mirror must have sent the smallest file
	stall   time.Duration // in which a download must have received pace bytes, or its end
	notice  func(string)
}

// fetch puts the published files that dir lacks into it. A file appears there whole and verified
// or not at all.
func (f fetcher) fetch(ctx context.Context, dir string) error {
	ranked, err := f.probe(ctx)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	f.notice(fmt.Sprintf("downloading Fashion-MNIST (30 MB) from %s to %s", host(ranked[0]), dir))
	for _, p := range publishedFiles {
		if content, _, err := openFolder(dir).read(p); err == nil && p.is(content) {
			continue
		}
		if err := f.fetchFile(ctx, dir, p, ranked); err != nil {
			return err
		}
	}
	return nil
}

// probe asks all mirrors at once for the smallest file, so that a mirror that hangs costs
// nothing, and returns them with the first that sent it rightly in front.
func (f fetcher) probe(ctx context.Context) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, f.connect)
	defer cancel()
	type answer struct {
		mirror int
		err    error
	}
	answers := make(chan answer, len(f.mirrors)) // so that nobody waits to tell
	small := publishedFiles[3]
	for i, mirror := range f.mirrors {
		go func() {
			var body bytes.Buffer
			err := f.get(ctx, fileURL(mirror, small), small, &body)
			if err == nil {
				err = verify(&body, int64(body.Len()), small)
			}
			answers <- answer{i, err}
		}()
	}
	failures := make([]string, len(f.mirrors))
	for range f.mirrors {
		a := <-answers
		if a.err == nil {
			ranked := []string{f.mirrors[a.mirror]}
			ranked = append(ranked, f.mirrors[:a.mirror]...)
			return append(ranked, f.mirrors[a.mirror+1:]...), nil
		}
		failures[a.mirror] = host(f.mirrors[a.mirror]) + ": " + reason(a.err)
	}
	return nil, errors.New("no mirror serves it (" + strings.Join(failures, "; ") + ")")
}

// fetchFile puts one file into dir, from the first mirror that has it.
func (f fetcher) fetchFile(ctx context.Context, dir string, p publishedFile, ranked []string) error {
	var failures []string
	for _, mirror := range ranked {
		err := f.download(ctx, dir, p, fileURL(mirror, p))
		if err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if _, ok := errors.AsType[*fs.PathError](err); ok {
			return err // the disk's fault, which no other mirror mends
		}
		failures = append(failures, host(mirror)+": "+reason(err))
	}
	return errors.New(p.name + ".gz: " + strings.Join(failures, "; "))
}

// download puts one file into dir: aside, verified, made durable, renamed.
func (f fetcher) download(ctx context.Context, dir string, p publishedFile, from string) (err error) {
	aside, err := os.CreateTemp(dir, ".download-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			aside.Close()
			os.Remove(aside.Name())
		}
	}()
	if err := f.get(ctx, from, p, aside); err != nil {
		return err
	}
	if _, err := aside.Seek(0, io.SeekStart); err != nil {
		return err
	}
	info, err := aside.Stat()
	if err != nil {
		return err
	}
	if err := verify(aside, info.Size(), p); err != nil {
		return err
	}
	if err := aside.Chmod(0o644); err != nil { // others may read it too, as any file of a cache
		return err
	}
	if err := aside.Sync(); err != nil {
		return err
	}
	if err := aside.Close(); err != nil {
		return err
	}
	// A server may have unpacked the file on its way; readers go by the content, not the name.
	if err := os.Rename(aside.Name(), filepath.Join(dir, p.name+".gz")); err != nil {
		return err
	}
	syncFolder(dir)
	return nil
}

// get copies what a URL holds to w. It stops when less than pace came in the stall time, and
// when more comes than the file can have.
func (f fetcher) get(ctx context.Context, from string, p publishedFile, w io.Writer) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	stalled := time.AfterFunc(f.stall, func() {
		cancel(fmt.Errorf("less than %s bytes received in %v", humanize.Comma(pace), f.stall))
	})
	defer stalled.Stop()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, from, nil)
	if err != nil {
		return err
	}
	// The file as it is: without this the transport would ask for gzip and unpack it.
	request.Header.Set("Accept-Encoding", "identity")
	request.Header.Set("User-Agent", "vggtrain")
	response, err := f.client.Do(request)
	if err != nil {
		return causeOf(ctx, err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return errors.New("status " + response.Status)
	}
	limit := p.size + packedSlack
	body := &progressReader{Reader: io.LimitReader(response.Body, limit+1), progress: func() { stalled.Reset(f.stall) }}
	switch n, err := io.Copy(w, body); {
	case err != nil:
		return causeOf(ctx, err)
	case n > limit:
		return fmt.Errorf("more than %s bytes sent", humanize.Comma(limit))
	}
	return nil
}

// progressReader calls progress each time that it has read pace bytes.
type progressReader struct {
	io.Reader
	progress func()
	read     int // since then
}

func (r *progressReader) Read(b []byte) (int, error) {
	n, err := r.Reader.Read(b)
	if r.read += n; r.read >= pace {
		r.read = 0
		r.progress()
	}
	return n, err
}

// verify checks that r holds the published file, packed or plain.
func verify(r io.Reader, size int64, p publishedFile) error {
	content, err := readIDX(r, size, p.magic, p.size)
	if err != nil {
		return err
	}
	if !p.is(content) {
		return errors.New("not the published file")
	}
	return nil
}

// syncFolder makes a rename in dir durable. Not every system can (Windows cannot), and a
// download that is lost with the power is only made again: errors do not matter.
func syncFolder(dir string) {
	if d, err := os.Open(dir); err == nil {
		d.Sync()
		d.Close()
	}
}

func fileURL(mirror string, p publishedFile) string {
	return strings.TrimSuffix(mirror, "/") + "/" + p.name + ".gz"
}

// host is how messages name a mirror.
func host(mirror string) string {
	if u, err := url.Parse(mirror); err == nil && u.Host != "" {
		return u.Host
	}
	return mirror
}

// causeOf returns why ctx was cancelled if that is why err came.
func causeOf(ctx context.Context, err error) error {
	if why := context.Cause(ctx); why != nil {
		return why
	}
	return err
}

// reason shortens an error of a request, which names the whole URL.
func reason(err error) string {
	if errors.Is(err, context.DeadlineExceeded) {
		return "no answer in time"
	}
	if dnsError, ok := errors.AsType[*net.DNSError](err); ok {
		return dnsError.Err // without the name server's address
	}
	if urlError, ok := errors.AsType[*url.Error](err); ok {
		err = urlError.Err
	}
	return err.Error()
}
