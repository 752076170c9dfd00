package fetch

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/dustin/go-humanize"
)

// pace is the least number of bytes in the stall time: a mirror that sends a byte now and then would
// take weeks.
const pace = 16 << 10

// get asks for a URL and calls take with the answer. The body ends with an error if it stalls: less
// than pace in the stall time.
func (o Options) get(ctx context.Context, from string, header http.Header, take func(*http.Response, io.Reader) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	stalled := time.AfterFunc(o.Stall, func() {
		cancel(fmt.Errorf("less than %s bytes received in %v", humanize.Comma(pace), o.Stall))
	})
	defer stalled.Stop()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, from, nil)
	if err != nil {
		return permanent{err}
	}
	request.Header = header
	// The file as it is: without this the transport would ask for gzip and unpack it.
	request.Header.Set("Accept-Encoding", "identity")
	request.Header.Set("User-Agent", "vggtrain")
	response, err := o.Client.Do(request)
	if err == nil {
		defer response.Body.Close()
		err = take(response, &pacedReader{Reader: response.Body, moved: func() { stalled.Reset(o.Stall) }})
	}
	if err != nil && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// pacedReader calls moved after every pace bytes.
type pacedReader struct {
	io.Reader
	moved func()
	read  int // since then
}

func (r *pacedReader) Read(b []byte) (int, error) {
	n, err := r.Reader.Read(b)
	if r.read += n; r.read >= pace {
		r.read = 0
		r.moved()
	}
	return n, err
}

// permanent is an error that no second request mends.
type permanent struct{ error }

func (l permanent) Unwrap() error { return l.error }

// statusError is an answer that is not the file.
type statusError int

func (s statusError) Error() string {
	text := fmt.Sprintf("status %d %s", int(s), http.StatusText(int(s)))
	if s == http.StatusProxyAuthRequired {
		text += ": HTTP_PROXY or HTTPS_PROXY must have a user and a password"
	}
	return text
}

// isPermanent reports whether it is no use to ask again.
func isPermanent(err error) bool {
	if status, ok := errors.AsType[statusError](err); ok {
		switch status {
		case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests:
			return false
		}
		return status < http.StatusInternalServerError
	}
	if dnsError, ok := errors.AsType[*net.DNSError](err); ok {
		return dnsError.IsNotFound
	}
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return true
	}
	_, ok := errors.AsType[permanent](err)
	return ok
}

// reason shortens an error of a request: that names the whole URL.
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
