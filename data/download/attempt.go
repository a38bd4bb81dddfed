package download

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// A busyError is one of a server that may do better after a while.
type busyError struct {
	err   error
	after time.Duration // that the server asks for
}

func (e *busyError) Error() string { return e.err.Error() }
func (e *busyError) Unwrap() error { return e.err }

// A localError is one of this machine's: no other source makes it better.
type localError struct{ error }

func (e localError) Unwrap() error { return e.error }

var (
	errAgain = errors.New("the server has another file than before")
	errIdle  = errors.New("nothing has come for too long")
)

// attempt asks a server once for what is missing of a part, and reads it.
func (f File) attempt(ctx context.Context, url string, p *part, o Options) error {
	if err := p.open(); err != nil {
		return localError{err}
	}
	defer p.close()
	idle, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	alarm := time.AfterFunc(o.Idle, func() { stop(fmt.Errorf("%w: %v", errIdle, o.Idle)) })
	defer alarm.Stop()
	req, err := http.NewRequestWithContext(idle, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	if req.URL.Scheme != "http" && req.URL.Scheme != "https" {
		return fmt.Errorf("the address is of %.20q, want http or https", req.URL.Scheme)
	}
	req.Header.Set("User-Agent", "spikegrad")
	req.Header.Set("Accept-Encoding", "identity") // the bytes as they are, or lengths and sums mean nothing
	p.ask(req, url, f.SHA256 != "" || f.MD5 != "")
	resp, err := o.Client.Do(req)
	if err != nil {
		return f.broken(idle, err)
	}
	defer resp.Body.Close()
	size, err := f.accept(resp, url, p)
	if err != nil || size == p.n && size > 0 {
		return err
	}
	return f.copy(idle, resp.Body, p, size, url, alarm, o)
}

// broken is an error of the network's, after which the same source can be tried again.
func (f File) broken(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		err = cause
	}
	return &busyError{err: err}
}

// accept looks at the head of an answer, brings the part to where its body begins, and
// returns how long the whole file is, or 0. What is no answer leaves the part as it is.
func (f File) accept(resp *http.Response, url string, p *part) (size int64, err error) {
	asked := resp.Request.Header.Get("Range") != ""
	status := resp.StatusCode
	switch {
	case status == http.StatusOK || status == http.StatusPartialContent && asked:
	case status == http.StatusRequestedRangeNotSatisfiable && asked:
		if total := resp.Header.Get("Content-Range"); total == fmt.Sprintf("bytes */%d", p.n) {
			return p.n, nil // all of it is there
		}
		n := p.n
		p.discard()
		return 0, fmt.Errorf("%w: it has no byte behind the %d that are there", errAgain, n)
	case status == http.StatusRequestTimeout, status == http.StatusTooManyRequests, status >= 500:
		seconds, _ := strconv.Atoi(resp.Header.Get("Retry-After"))
		return 0, &busyError{fmt.Errorf("the server answers %s", resp.Status), time.Duration(min(max(seconds, 0), 60)) * time.Second}
	default:
		return 0, fmt.Errorf("the server answers %s, want the file", resp.Status)
	}
	// Some servers say of a .gz that it is packed, which it is, and send it as it is.
	if enc := resp.Header.Get("Content-Encoding"); enc != "" && enc != "identity" && !(strings.HasSuffix(enc, "gzip") && strings.HasSuffix(kindOf(f.Name), "gz")) {
		return 0, fmt.Errorf("the server packs the file by %.20q, which it was asked not to", enc)
	}
	if kind, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type")); kind == "text/html" && !f.page() {
		return 0, errPage
	}
	size = max(resp.ContentLength, 0)
	if status == http.StatusPartialContent {
		if size, err = p.goesOn(resp, url); err != nil {
			p.discard()
			return 0, fmt.Errorf("%w: %w", errAgain, err)
		}
	}
	if f.Size > 0 && size > 0 && size != f.Size {
		return 0, fmt.Errorf("the server has %d bytes, want %d", size, f.Size)
	}
	if status == http.StatusOK {
		if err := p.begin(resp, url, size); err != nil {
			return 0, localError{err}
		}
	}
	return max(size, f.Size), nil
}

var errPage = errors.New("the server gives a web page instead of the file: look at it in a browser, and get the file by hand")

// page reports whether the file is to be a web page.
func (f File) page() bool {
	name := strings.ToLower(f.Name)
	return strings.HasSuffix(name, ".html") || strings.HasSuffix(name, ".htm")
}

// copy writes the body of an answer behind the part, up to the size that was promised.
func (f File) copy(ctx context.Context, body io.Reader, p *part, size int64, url string, alarm *time.Timer, o Options) error {
	most := size
	if most == 0 {
		most = o.Most
	}
	buf := make([]byte, 64<<10)
	tell := newTeller(o.Progress, Progress{Name: f.Name, URL: url, Size: size})
	if err := tell.now(p.n); err != nil {
		return localError{err}
	}
	for {
		k, err := body.Read(buf)
		alarm.Reset(o.Idle)
		if k > 0 {
			if p.n == 0 && !f.page() && looksLikePage(buf[:k]) {
				p.discard()
				return errPage
			}
			if int64(k) > most-p.n {
				p.discard()
				return fmt.Errorf("the server sends more than %d bytes", most)
			}
			if err := p.write(buf[:k]); err != nil {
				return localError{err}
			}
			if err := tell.often(p.n); err != nil {
				return localError{err}
			}
		}
		switch {
		case err == io.EOF && p.n < size:
			return f.broken(ctx, fmt.Errorf("it ends after %d bytes of %d: %w", p.n, size, io.ErrUnexpectedEOF))
		case err == io.EOF && p.n == 0:
			return errors.New("the server gives an empty file")
		case err == io.EOF:
			if err := tell.now(p.n); err != nil {
				return localError{err}
			}
			return nil
		case err != nil:
			return f.broken(ctx, err)
		}
	}
}

// looksLikePage reports whether a file begins as a web page does.
func looksLikePage(b []byte) bool {
	b = bytes.ToLower(bytes.TrimLeft(b[:min(len(b), 256)], "\ufeff \t\r\n"))
	return bytes.HasPrefix(b, []byte("<!doctype html")) || bytes.HasPrefix(b, []byte("<html"))
}
