package download_test

import (
	"bytes"
	"context"
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/spikegrad/spikegrad/data/download"
)

const size = 300_000

// content returns bytes that look like no file.
func content(seed uint64) []byte {
	r := rand.New(rand.NewPCG(seed, 1))
	b := make([]byte, size)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

func sha(b []byte) string { s := sha256.Sum256(b); return hex.EncodeToString(s[:]) }

// A server gives a file, and does so badly.
type server struct {
	*httptest.Server
	mu     sync.Mutex
	ranges []string // that were asked for, "" for all of the file
}

// serve has each request answered by the next of the answers, the last of them for ever.
func serve(t *testing.T, answers ...http.HandlerFunc) *server {
	s := &server{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		n := len(s.ranges)
		s.ranges = append(s.ranges, r.Header.Get("Range"))
		s.mu.Unlock()
		answers[min(n, len(answers)-1)](w, r)
	}))
	t.Cleanup(s.Close)
	return s
}

// whole answers as a good server does, with a tag.
func whole(b []byte, tag string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if tag != "" {
			w.Header().Set("ETag", tag)
		}
		http.ServeContent(w, r, "file.bin", time.Time{}, bytes.NewReader(b))
	}
}

// broken breaks off after n bytes of what was asked for.
func broken(b []byte, tag string, n int) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		whole(b, tag)(&cut{w, n}, r)
	}
}

type cut struct {
	http.ResponseWriter
	left int
}

func (c *cut) Write(b []byte) (int, error) {
	k := min(c.left, len(b))
	_, _ = c.ResponseWriter.Write(b[:k])
	if c.left -= k; c.left == 0 {
		c.ResponseWriter.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	}
	return k, nil
}

// says answers with a status and a text.
func says(status int, head, text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		if k, v, ok := strings.Cut(head, ": "); ok {
			w.Header().Set(k, v)
		}
		w.WriteHeader(status)
		fmt.Fprint(w, text)
	}
}

// plain sends bytes without a word of how many.
func plain(b []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/octet-stream")
		_, _ = w.Write(b[:len(b)/2])
		w.(http.Flusher).Flush()
		_, _ = w.Write(b[len(b)/2:])
	}
}

var quick = download.Options{Wait: time.Millisecond, Idle: 5 * time.Second, Attempts: 4}

// nothing holds a folder to have only these files.
func holds(t *testing.T, dir string, names ...string) {
	t.Helper()
	es, err := os.ReadDir(dir)
	require.NoError(t, err)
	var got []string
	for _, e := range es {
		got = append(got, e.Name())
	}
	require.Equal(t, names, got)
}

// What a good file is after what a server does, and which ranges it was asked for.
func TestGet(t *testing.T) {
	b, other := content(1), content(2)
	half := fmt.Sprintf("bytes=%d-", size/2)
	for name, c := range map[string]struct {
		answers []http.HandlerFunc
		ranges  []string
		blind   bool // no sum is known
	}{
		"at once":              {[]http.HandlerFunc{whole(b, `"a"`)}, []string{""}, false},
		"no sum":               {[]http.HandlerFunc{whole(b, "")}, []string{""}, true},
		"no length":            {[]http.HandlerFunc{plain(b)}, []string{""}, false},
		"breaks off":           {[]http.HandlerFunc{broken(b, `"a"`, size/2), whole(b, `"a"`)}, []string{"", half}, true},
		"breaks off, no tag":   {[]http.HandlerFunc{broken(b, "", size/2), whole(b, "")}, []string{"", half}, false},
		"no tag, no sum":       {[]http.HandlerFunc{broken(b, "", size/2), whole(b, "")}, []string{"", ""}, true},
		"weak tag":             {[]http.HandlerFunc{broken(b, `W/"a"`, size/2), whole(b, `W/"a"`)}, []string{"", ""}, true},
		"another file by then": {[]http.HandlerFunc{broken(other, `"o"`, size/2), whole(b, `"a"`)}, []string{"", half}, true},
		"another, no tag":      {[]http.HandlerFunc{broken(other, "", size/2), whole(b, "")}, []string{"", half, ""}, false},
		"ignores the range":    {[]http.HandlerFunc{broken(b, `"a"`, size/2), plain(b)}, []string{"", half}, false},
		"wrong range": {[]http.HandlerFunc{broken(b, `"a"`, size/2), says(206, "Content-Range: bytes 0-299999/300000", string(b)), whole(b, `"a"`)},
			[]string{"", half, ""}, false},
		"range without a word": {[]http.HandlerFunc{broken(b, `"a"`, size/2), says(206, "", string(b[size/2:])), whole(b, `"a"`)}, []string{"", half, ""}, false},
		"shorter by then":      {[]http.HandlerFunc{broken(b, `"a"`, size/2), says(416, "Content-Range: bytes */100", ""), whole(b, `"a"`)}, []string{"", half, ""}, false},
		"busy":                 {[]http.HandlerFunc{says(503, "Retry-After: 0", "busy"), says(429, "", ""), says(500, "", ""), whole(b, "")}, []string{"", "", "", ""}, false},
		"page while busy": {[]http.HandlerFunc{broken(b, `"a"`, size/2), says(502, "Content-Type: text/html", "<html>sorry"), whole(b, `"a"`)},
			[]string{"", half, half}, false},
		"many breaks": {[]http.HandlerFunc{broken(b, `"a"`, 50000), broken(b, `"a"`, 50000), broken(b, `"a"`, 50000), broken(b, `"a"`, 50000), broken(b, `"a"`, 50000), whole(b, `"a"`)},
			[]string{"", "bytes=50000-", "bytes=100000-", "bytes=150000-", "bytes=200000-", "bytes=250000-"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			s, dir := serve(t, c.answers...), t.TempDir()
			f := download.File{Name: "file.bin", URLs: []string{s.URL}, Size: size, SHA256: strings.ToUpper(sha(b))}
			if c.blind {
				f.SHA256 = ""
			}
			got, err := download.Get(t.Context(), f, dir, quick)
			require.NoError(t, err)
			require.Equal(t, download.Got{Path: filepath.Join(dir, "file.bin"), URL: s.URL, Size: size, SHA256: sha(b)}, got)
			text, err := os.ReadFile(got.Path)
			require.NoError(t, err)
			require.True(t, bytes.Equal(b, text))
			require.Equal(t, c.ranges, s.ranges)
			holds(t, dir, "file.bin")
		})
	}
}

// What a server must not do, and what is said of it. The file is not there then.
func TestGetErrors(t *testing.T) {
	b := content(1)
	sum := sha(b)
	bad := bytes.Clone(b)
	bad[size-1] ^= 1
	md := md5.Sum(b)
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		change func(f *download.File)
		want   string
	}{
		"wrong bytes":   {whole(bad, ""), nil, "its SHA-256 is " + sha(bad) + ", want " + sum},
		"wrong MD5":     {whole(bad, ""), func(f *download.File) { f.SHA256, f.MD5 = "", hex.EncodeToString(md[:]) }, ", want " + hex.EncodeToString(md[:])},
		"longer":        {whole(append(bytes.Clone(b), 0), ""), nil, "the server has 300001 bytes, want 300000"},
		"shorter":       {whole(b[1:], ""), nil, "the server has 299999 bytes, want 300000"},
		"sends more":    {plain(append(bytes.Clone(b), 0)), nil, "the server sends more than 300000 bytes"},
		"ends early":    {plain(b[:size-7]), nil, "it ends after 299993 bytes of 300000: unexpected EOF, after 4 attempts"},
		"page":          {says(200, "Content-Type: text/html; charset=utf-8", "<html>"), nil, "the server gives a web page instead of the file"},
		"page in guise": {says(200, "Content-Type: application/zip", "\n <!DOCTYPE HTML>"), func(f *download.File) { f.Size = 0 }, "the server gives a web page instead of the file"},
		"404":           {says(404, "", ""), nil, "the server answers 404 Not Found, want the file"},
		"403":           {says(403, "", ""), nil, "the server answers 403 Forbidden, want the file"},
		"202":           {says(202, "", ""), nil, "the server answers 202 Accepted, want the file"},
		"206 unasked":   {says(206, "Content-Range: bytes 0-0/1", "x"), nil, "the server answers 206 Partial Content, want the file"},
		"always busy":   {says(503, "", ""), nil, "the server answers 503 Service Unavailable, after 4 attempts"},
		"packed":        {says(200, "Content-Encoding: gzip", "\x1f\x8b"), nil, "the server packs the file by \"gzip\""},
		"empty":         {says(200, "", ""), func(f *download.File) { f.Size = 0 }, "the server gives an empty file"},
		"no bound":      {plain(b), func(f *download.File) { f.Size = 0 }, "the server sends more than 1000 bytes"},
		"no address":    {nil, func(f *download.File) { f.URLs = []string{"ftp://there/x"} }, `the address is of "ftp", want http or https`},
		"round":         {says(302, "Location: /", ""), nil, "it leads on and on, ten times"},
	} {
		t.Run(name, func(t *testing.T) {
			s, dir := serve(t, c.answer), t.TempDir()
			f := download.File{Name: "file.bin", URLs: []string{s.URL}, Size: size, SHA256: sum}
			if c.change != nil {
				c.change(&f)
			}
			o := quick
			o.Most = 1000
			_, err := download.Get(t.Context(), f, dir, o)
			require.ErrorContains(t, err, c.want)
			require.ErrorContains(t, err, "download: file.bin: "+f.URLs[0])
			require.NoFileExists(t, filepath.Join(dir, "file.bin"))

			// The next source has it, and goes on with nothing that is wrong.
			good := serve(t, whole(b, ""))
			if f.URLs = append(f.URLs, good.URL); name == "no bound" {
				f.URLs = f.URLs[1:]
			}
			got, err := download.Get(t.Context(), f, dir, quick)
			require.NoError(t, err)
			require.Equal(t, []string{good.URL, sum}, []string{got.URL, got.SHA256})
			holds(t, dir, "file.bin")
		})
	}
}

// A call that was broken off goes on in the next one, also from another source if there
// is a sum to tell that it is the same file.
func TestGoesOn(t *testing.T) {
	b := content(1)
	for _, other := range []bool{false, true} {
		dir := t.TempDir()
		slow := serve(t, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("ETag", `"a"`)
			w.Header().Set("Content-Length", fmt.Sprint(size))
			_, _ = w.Write(b[:100_000])
			w.(http.Flusher).Flush()
			time.Sleep(150 * time.Millisecond)
			_, _ = w.Write(b[100_000:200_000])
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		}, whole(b, `"a"`))
		ctx, cancel := context.WithCancelCause(t.Context())
		enough := errors.New("enough")
		o := quick
		o.Progress = func(p download.Progress) {
			require.Equal(t, "file.bin", p.Name)
			require.EqualValues(t, size, p.Size)
			if p.Done > 0 {
				cancel(enough)
			}
		}
		f := download.File{Name: "file.bin", URLs: []string{slow.URL}, SHA256: sha(b)}
		began := time.Now()
		_, err := download.Get(ctx, f, dir, o)
		require.ErrorIs(t, err, enough)
		require.Less(t, time.Since(began), 4*time.Second)
		holds(t, dir, ".file.bin.part", ".file.bin.part.json")
		info, err := os.Stat(filepath.Join(dir, ".file.bin.part"))
		require.NoError(t, err)
		require.Positive(t, info.Size())

		second := slow
		if other {
			second = serve(t, whole(b, `"b"`))
			f.URLs = []string{second.URL}
		}
		got, err := download.Get(t.Context(), f, dir, quick)
		require.NoError(t, err)
		require.Equal(t, sha(b), got.SHA256)
		require.Equal(t, fmt.Sprintf("bytes=%d-", info.Size()), second.ranges[len(second.ranges)-1])
		holds(t, dir, "file.bin")
	}

	// All of it is there but its name.
	dir := t.TempDir()
	s := serve(t, whole(b, `"a"`))
	require.NoError(t, os.WriteFile(filepath.Join(dir, ".file.bin.part"), b, 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, ".file.bin.part.json"), fmt.Appendf(nil, `{"URL":%q,"ETag":"\"a\"","Size":%d}`, s.URL, size), 0o600))
	_, err := download.Get(t.Context(), download.File{Name: "file.bin", URLs: []string{s.URL}}, dir, quick)
	require.NoError(t, err)
	require.Equal(t, []string{"bytes=300000-"}, s.ranges)

	// What is kept beside it is no more than a hint.
	for _, hint := range []string{"", "{", `{"URL":3}`, `{"Size":5}`, `{"Size":-5}`} {
		dir := t.TempDir()
		s := serve(t, whole(b, `"a"`))
		require.NoError(t, os.WriteFile(filepath.Join(dir, ".file.bin.part"), bytes.Repeat([]byte("x"), 1000), 0o600))
		require.NoError(t, os.WriteFile(filepath.Join(dir, ".file.bin.part.json"), []byte(hint), 0o600))
		got, err := download.Get(t.Context(), download.File{Name: "file.bin", URLs: []string{s.URL}, SHA256: sha(b)}, dir, quick)
		require.NoError(t, err, hint)
		require.Equal(t, sha(b), got.SHA256)
	}
}

// Who waits for nothing ends when the context does, or when nothing has come for long.
func TestSlow(t *testing.T) {
	b := content(1)
	silent := func(w http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
	stuck := func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Range") == "" {
			w.Header().Set("ETag", `"a"`)
			w.Header().Set("Content-Length", fmt.Sprint(size))
			_, _ = w.Write(b[:1000])
			w.(http.Flusher).Flush()
		}
		<-r.Context().Done()
	}
	for name, answer := range map[string]http.HandlerFunc{"silent": silent, "stuck": stuck} {
		f := download.File{Name: "file.bin", URLs: []string{serve(t, answer).URL}}
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		began := time.Now()
		_, err := download.Get(ctx, f, t.TempDir(), download.Options{})
		cancel()
		require.ErrorIs(t, err, context.DeadlineExceeded, name)
		require.Less(t, time.Since(began), 5*time.Second, name)
		_, err = download.Get(t.Context(), f, t.TempDir(), download.Options{Idle: 20 * time.Millisecond, Wait: time.Millisecond, Attempts: 2})
		require.ErrorContains(t, err, "nothing has come for too long: 20ms, after 2 attempts", name)
	}
	done, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := download.Get(done, download.File{Name: "a", URLs: []string{"http://127.0.0.1:1"}}, t.TempDir(), download.Options{})
	require.ErrorIs(t, err, context.Canceled)
}

// A file that is there is looked at, and nobody is asked.
func TestThere(t *testing.T) {
	b, dir := content(1), t.TempDir()
	path := filepath.Join(dir, "file.bin")
	require.NoError(t, os.WriteFile(path, b, 0o600))
	f := download.File{Name: "file.bin", SHA256: sha(b)}
	got, err := download.Get(t.Context(), f, dir, download.Options{})
	require.NoError(t, err)
	require.Equal(t, download.Got{Path: path, Size: size, SHA256: sha(b)}, got)
	f.SHA256 = strings.Repeat("0", 64)
	_, err = download.Get(t.Context(), f, dir, download.Options{})
	require.EqualError(t, err, "download: file.bin: "+path+" is there already, but its SHA-256 is "+sha(b)+", want "+f.SHA256+": remove it to get it anew")
	f.Name = "other.bin"
	_, err = download.Get(t.Context(), f, dir, download.Options{})
	require.EqualError(t, err, "download: other.bin: it is not in "+dir+", and there is no address to get it from")
}

// A server that says of a .gz that it is packed sends it as it is.
func TestPacked(t *testing.T) {
	b := gz(t, content(1))
	for _, enc := range []string{"gzip", "x-gzip"} {
		s := serve(t, func(w http.ResponseWriter, r *http.Request) {
			require.Equal(t, "identity", r.Header.Get("Accept-Encoding"))
			w.Header().Set("Content-Encoding", enc)
			_, _ = w.Write(b)
		})
		for name, ok := range map[string]bool{"a.tar.gz": true, "a.tgz": true, "a.h5": false} {
			got, err := download.Get(t.Context(), download.File{Name: name, URLs: []string{s.URL}}, t.TempDir(), quick)
			require.Equal(t, ok, err == nil, "%s %s: %v", enc, name, err)
			require.Equal(t, ok, got.SHA256 == sha(b))
		}
	}
}

func TestGetArguments(t *testing.T) {
	for want, f := range map[string]download.File{
		`the name is "", want that of a file`:                     {},
		`the name is "../x", want that of a file`:                 {Name: "../x"},
		`the name is "..", want that of a file`:                   {Name: ".."},
		`the name is "a\\b", want that of a file`:                 {Name: `a\b`},
		"a: the size is -1, want 0 (not known) or more":           {Name: "a", Size: -1},
		`a: the SHA-256 is "abc", want 64 hexadecimal digits`:     {Name: "a", SHA256: "abc"},
		`a: the MD5 is "zz", want 32 hexadecimal digits`:          {Name: "a", MD5: "zz"},
		`a: it gives "../b", want a path within the folder`:       {Name: "a", Gives: "../b"},
		"a: http://127.0.0.1:1: Get \"http://127.0.0.1:1\": dial": {Name: "a", URLs: []string{"http://127.0.0.1:1"}},
		"a: :: parse \":\": missing protocol scheme":              {Name: "a", URLs: []string{":"}},
	} {
		_, err := download.Get(t.Context(), f, t.TempDir(), download.Options{Attempts: 1})
		require.ErrorContains(t, err, "download: "+want)
	}
	var none context.Context
	_, err := download.Get(none, download.File{Name: "a"}, t.TempDir(), download.Options{})
	require.EqualError(t, err, "download: the context is nil")
	_, err = download.Get(t.Context(), download.File{Name: "a"}, t.TempDir(), download.Options{Attempts: -1})
	require.ErrorContains(t, err, "want none of them below 0")

	// One at a time gets a file.
	b, dir := content(1), t.TempDir()
	s := serve(t, whole(b, ""))
	f := download.File{Name: "a", URLs: []string{s.URL}}
	var inner error
	o := quick
	o.Progress = func(download.Progress) { _, inner = download.Get(t.Context(), f, dir, download.Options{}) }
	_, err = download.Get(t.Context(), f, dir, o)
	require.NoError(t, err)
	require.ErrorContains(t, inner, "this process holds")
	o.Progress = func(download.Progress) { panic("no") }
	_, err = download.Get(t.Context(), f, t.TempDir(), o)
	require.ErrorContains(t, err, "Progress panicked: no")

	// What was asked for in secret does not come in the open.
	tls := httptest.NewTLSServer(http.RedirectHandler(s.URL, http.StatusFound))
	defer tls.Close()
	_, err = download.Get(t.Context(), download.File{Name: "a", URLs: []string{tls.URL}}, t.TempDir(), download.Options{Client: tls.Client(), Attempts: 1})
	require.ErrorContains(t, err, "it leads on to "+s.URL+", which anybody on the way can change")
}
