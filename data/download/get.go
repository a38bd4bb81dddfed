package download

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spikegrad/spikegrad/internal/files"
)

// A File is a file that somebody offers.
type File struct {
	Name   string   // which it gets, without a folder
	URLs   []string // where it is, tried one after the other; none: it is to be had by hand
	Size   int64    // bytes; 0 if that is not known
	SHA256 string   // in hexadecimal digits; "" if it is not known
	MD5    string   // the same, for what authors give no other sum of: it tells damage, not forgery

	// Gives is what an archive leaves in the folder where it is unpacked, "Train". Where
	// that is, [Set.Fetch] has nothing to do. "" is no archive, or one to be left as it is.
	Gives string
}

// Options say how files are got. The zero value is ready for use.
type Options struct {
	Progress func(Progress) // called some times a second, by one goroutine at a time; may be nil
	Attempts int            // of each source before the next is tried; 0 means 5
	Wait     time.Duration  // before a source is tried again, twice as long each time, at most a minute; 0 means 1s
	Idle     time.Duration  // how long nothing may come before an attempt is given up; 0 means 1m
	Most     int64          // bytes of a file of which neither File nor server say how long it is; 0 means 2³⁶
	Client   *http.Client   // nil is one of its own, with the proxies of the environment
}

// Progress is how far a file is.
type Progress struct {
	Name string
	URL  string // where it comes from; "" while it is unpacked
	Done int64  // bytes, with those of before an interruption; of the archive while it is unpacked
	Size int64  // 0 if it is not known
}

// Got is a file that is there.
type Got struct {
	Path   string
	URL    string // where it has come from; "" if it was there before
	Size   int64
	SHA256 string // what it is, asked for or not
}

// Get gets a file into a folder, which it makes if need be, and returns once it is there
// with its name. One that is there already is looked at: it is right, or an error says
// what it is instead.
//
// What has come is kept beside it, as .name.part, and the next call goes on from there, if
// the server still has the same file: by its entity tag or its date, or by its length if
// there is a sum to tell. A server that is slow, breaks off or is busy is asked again
// after a while; one that has something else, a page instead of a file or another length
// or sum, is left for the next source. Nothing is written beyond the promised length, and
// a file whose sum is wrong is removed. The error tells of each source what was wrong with
// it. Get can be called by several goroutines, and processes, but for one file by one at
// a time: the others get an error.
func Get(ctx context.Context, f File, dir string, o Options) (Got, error) {
	if ctx == nil {
		return Got{}, errors.New("download: the context is nil")
	}
	if err := errors.Join(f.check(), o.check()); err != nil {
		return Got{}, fmt.Errorf("download: %w", err)
	}
	got, err := f.get(ctx, dir, o.filled())
	if err != nil {
		return got, fmt.Errorf("download: %s: %w", f.Name, err)
	}
	return got, nil
}

func (f File) get(ctx context.Context, dir string, o Options) (Got, error) {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return Got{}, err
	}
	path := filepath.Join(dir, f.Name)
	p := &part{path: filepath.Join(dir, "."+f.Name+".part")}
	lock, err := files.Acquire(filepath.Join(dir, "."+f.Name+".lock"))
	if err != nil {
		return Got{}, err
	}
	defer lock.Release()
	if _, err := os.Stat(path); err == nil {
		return f.verify(ctx, path)
	}
	if len(f.URLs) == 0 {
		return Got{}, fmt.Errorf("it is not in %s, and there is no address to get it from", dir)
	}
	var all sourceErrors
	for _, url := range f.URLs {
		err := f.from(ctx, url, p, o)
		if err == nil {
			got, err := p.finish(path)
			got.URL = url
			return got, err
		}
		if ctx.Err() != nil {
			return Got{}, context.Cause(ctx)
		}
		if here := (localError{}); errors.As(err, &here) {
			return Got{}, err
		}
		all = append(all, fmt.Errorf("%s: %w", url, err))
	}
	return Got{}, all
}

// from gets all of a file from one source, in some attempts. Once the part is whole and
// has the right sum, it returns nil. What is new of the file gives it all attempts anew.
func (f File) from(ctx context.Context, url string, p *part, o Options) error {
	best, wait := p.size(), o.Wait
	for tries := 1; ; tries++ {
		err := f.attempt(ctx, url, p, o)
		again := errors.Is(err, errAgain)
		if err == nil {
			if p.judged, err = sumsOf(ctx, p.path); err != nil {
				return localError{err}
			}
			if err = f.differ(p.judged); err == nil {
				return nil
			}
			p.discard()
			again = p.resumed // what was there before may have been of another file
		}
		busy := (*busyError)(nil)
		if ctx.Err() != nil || !errors.As(err, &busy) && !again {
			return err
		}
		if n := p.size(); n > best {
			best, wait, tries = n, o.Wait, 1
		}
		if tries >= o.Attempts {
			return fmt.Errorf("%w, after %d attempts", err, o.Attempts)
		}
		pause := wait
		if busy != nil {
			pause = max(pause, busy.after)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
		}
		wait = min(2*wait, time.Minute)
	}
}

// check says what is wrong with a File.
func (f File) check() error {
	if f.Name == "" || f.Name != filepath.Base(f.Name) || !filepath.IsLocal(f.Name) || f.Name == "." || strings.ContainsAny(f.Name, "/\\") {
		return fmt.Errorf("the name is %.60q, want that of a file, without a folder", f.Name)
	}
	switch {
	case f.Size < 0:
		return fmt.Errorf("%s: the size is %d, want 0 (not known) or more", f.Name, f.Size)
	case f.SHA256 != "" && !hexadecimal(f.SHA256, 64):
		return fmt.Errorf("%s: the SHA-256 is %.80q, want 64 hexadecimal digits", f.Name, f.SHA256)
	case f.MD5 != "" && !hexadecimal(f.MD5, 32):
		return fmt.Errorf("%s: the MD5 is %.80q, want 32 hexadecimal digits", f.Name, f.MD5)
	case f.Gives != "" && !filepath.IsLocal(f.Gives):
		return fmt.Errorf("%s: it gives %.60q, want a path within the folder", f.Name, f.Gives)
	}
	return nil
}

// check says what is wrong with Options.
func (o Options) check() error {
	if o.Attempts < 0 || o.Wait < 0 || o.Idle < 0 || o.Most < 0 {
		return fmt.Errorf("options: %d attempts, a wait of %v, idle for %v and at most %d bytes, want none of them below 0", o.Attempts, o.Wait, o.Idle, o.Most)
	}
	return nil
}

// filled returns Options in which nothing is left to be chosen.
func (o Options) filled() Options {
	o.Attempts = cmp.Or(o.Attempts, 5)
	o.Wait = cmp.Or(o.Wait, time.Second)
	o.Idle = cmp.Or(o.Idle, time.Minute)
	o.Most = cmp.Or(o.Most, 1<<36)
	client := http.Client{Transport: http.DefaultTransport}
	if o.Client != nil {
		client = *o.Client
	}
	follow := client.CheckRedirect
	client.CheckRedirect = func(to *http.Request, via []*http.Request) error {
		if via[0].URL.Scheme == "https" && to.URL.Scheme != "https" {
			return fmt.Errorf("it leads on to %s, which anybody on the way can change", to.URL)
		}
		if follow != nil {
			return follow(to, via)
		}
		if len(via) >= 10 {
			return errors.New("it leads on and on, ten times")
		}
		return nil
	}
	o.Client = &client
	return o
}

// sourceErrors are what was wrong with each source.
type sourceErrors []error

func (e sourceErrors) Error() string {
	var texts []string
	for _, err := range e {
		texts = append(texts, err.Error())
	}
	return strings.Join(texts, "; ")
}

func (e sourceErrors) Unwrap() []error { return e }
