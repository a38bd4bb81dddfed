package download_test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spikegrad/spikegrad/data/download"
)

// zipped packs texts by their names, in order; a name with a / behind it is a folder.
func zipped(t testing.TB, change func(*zip.FileHeader), pairs ...string) []byte {
	t.Helper()
	var buf bytes.Buffer
	z := zip.NewWriter(&buf)
	for i := 0; i < len(pairs); i += 2 {
		h := &zip.FileHeader{Name: pairs[i], Method: zip.Deflate}
		if change != nil {
			change(h)
		}
		w, err := z.CreateHeader(h)
		require.NoError(t, err)
		if !strings.HasSuffix(pairs[i], "/") {
			_, err = w.Write([]byte(pairs[i+1]))
			require.NoError(t, err)
		}
	}
	require.NoError(t, z.Close())
	return buf.Bytes()
}

func tarred(t testing.TB, hs ...tar.Header) []byte {
	t.Helper()
	var buf bytes.Buffer
	w := tar.NewWriter(&buf)
	for _, h := range hs {
		text := h.Uname // borrowed
		h.Uname, h.Mode, h.Size = "", 0o755, int64(len(text))
		require.NoError(t, w.WriteHeader(&h))
		_, err := w.Write([]byte(text))
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	return buf.Bytes()
}

func gz(t testing.TB, b []byte) []byte {
	t.Helper()
	var buf bytes.Buffer
	z := gzip.NewWriter(&buf)
	_, err := z.Write(b)
	require.NoError(t, err)
	require.NoError(t, z.Close())
	return buf.Bytes()
}

// files returns what is in a folder by its path.
func files(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	require.NoError(t, filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		require.NoError(t, err)
		if d.Type().IsRegular() {
			b, err := os.ReadFile(path)
			require.NoError(t, err)
			name, err := filepath.Rel(dir, path)
			require.NoError(t, err)
			out[filepath.ToSlash(name)] = string(b)
		}
		return nil
	}))
	return out
}

func TestUnpack(t *testing.T) {
	inner := zipped(t, nil, "b/y.bin", "why")
	for name, c := range map[string]struct {
		file  []byte
		names []string
		want  map[string]string
	}{
		"a.zip":    {zipped(t, nil, "Train/", "", "Train/0/x.bin", "ex", "./Train/1.bin", "one", "__MACOSX/Train/._x", "no", "Train/.DS_Store", "no"), []string{"Train"}, map[string]string{"Train/0/x.bin": "ex", "Train/1.bin": "one"}},
		"two.ZIP":  {zipped(t, nil, "b", "1", "a", "2"), []string{"a", "b"}, map[string]string{"a": "2", "b": "1"}},
		"in.zip":   {zipped(t, nil, "set/in b.zip", string(inner), "set/note.txt", "n"), []string{"set"}, map[string]string{"set/b/y.bin": "why", "set/note.txt": "n"}},
		"a.tar":    {tarred(t, tar.Header{Name: "./", Typeflag: tar.TypeDir}, tar.Header{Name: "./d/", Typeflag: tar.TypeDir}, tar.Header{Name: "./d/f", Typeflag: tar.TypeReg, Uname: "eff"}), []string{"d"}, map[string]string{"d/f": "eff"}},
		"a.tar.gz": {gz(t, tarred(t, tar.Header{Name: "d/f", Typeflag: tar.TypeReg, Uname: "eff"})), []string{"d"}, map[string]string{"d/f": "eff"}},
		"a.tgz":    {gz(t, tarred(t, tar.Header{Name: "f", Typeflag: tar.TypeReg, Uname: strings.Repeat("long ", 1e5)})), []string{"f"}, map[string]string{"f": strings.Repeat("long ", 1e5)}},
		"a.h5.gz":  {gz(t, []byte("abc")), []string{"a.h5"}, map[string]string{"a.h5": "abc"}},
	} {
		dir := t.TempDir()
		path := filepath.Join(t.TempDir(), name)
		require.NoError(t, os.WriteFile(path, c.file, 0o600))
		var last download.Progress
		names, err := download.Unpack(t.Context(), path, dir, download.Options{Progress: func(p download.Progress) {
			require.True(t, p.Done >= last.Done && p.Done <= p.Size)
			last = p
		}})
		require.NoError(t, err, name)
		require.Equal(t, download.Progress{Name: name, Done: int64(len(c.file)), Size: int64(len(c.file))}, last)
		require.Equal(t, c.names, names)
		require.Equal(t, c.want, files(t, dir))
		require.FileExists(t, path)
	}
}

// After an error nothing is there but what was before.
func TestUnpackErrors(t *testing.T) {
	ok := zipped(t, nil, "a", strings.Repeat("hello", 100), "b", "c")
	flip := func(b []byte, at int) []byte { b = bytes.Clone(b); b[at] ^= 0x55; return b }
	tgz := gz(t, tarred(t, tar.Header{Name: "f", Typeflag: tar.TypeReg, Uname: "eff"}))
	for name, c := range map[string]struct {
		file []byte
		want string
	}{
		"up.zip":       {zipped(t, nil, "ok", "1", "../x", "2"), `the name "../x" leads out of the folder`},
		"inside.zip":   {zipped(t, nil, "a/../x", "2"), `the name "a/../x" leads out of the folder`},
		"root.zip":     {zipped(t, nil, "/etc/x", "2"), `the name "/etc/x" leads out of the folder`},
		"windows.zip":  {zipped(t, nil, `..\x`, "2"), `the name "..\\x" leads out of the folder`},
		"link.zip":     {zipped(t, func(h *zip.FileHeader) { h.SetMode(0o777 | os.ModeSymlink) }, "l", "/etc"), `"l" is no file or folder but of mode L`},
		"device.zip":   {zipped(t, func(h *zip.FileHeader) { h.SetMode(0o777 | os.ModeNamedPipe) }, "l", ""), `"l" is no file or folder but of mode p`},
		"secret.zip":   {zipped(t, func(h *zip.FileHeader) { h.Flags |= 1 }, "l", "abc"), `"l" needs a password`},
		"twice.zip":    {zipped(t, nil, "a", "1", "a", "2"), `"a": openat a: file exists`},
		"both.zip":     {zipped(t, nil, "a", "1", "a/b", "2"), `"a/b": `},
		"taken.zip":    {zipped(t, nil, "taken", "1", "b", "2"), `taken is there already: remove it first`},
		"none.zip":     {zipped(t, nil), "there is no file in it"},
		"cut.zip":      {ok[:len(ok)-10], "zip: not a valid zip file"},
		"sum.zip":      {flip(ok, 40), `"a": `},
		"page.zip":     {[]byte("<html>"), "zip: not a valid zip file"},
		"bomb.zip":     {zipped(t, nil, "zeros", strings.Repeat("\x00", 1<<24+1)), "the archive unpacks to more than 64 times its length, and more than 16777216 bytes"},
		"inbomb.zip":   {zipped(t, nil, "in.zip", string(zipped(t, nil, "zeros", strings.Repeat("\x00", 1<<24)))), "in.zip: \"zeros\": the archive unpacks to more than 64 times"},
		"inner.zip":    {zipped(t, nil, "in.zip", "no"), "in.zip: zip: not a valid zip file"},
		"bomb.gz":      {gz(t, make([]byte, 1<<24+1)), "the archive unpacks to more than 64 times"},
		"bomb.tgz":     {gz(t, tarred(t, tar.Header{Name: "f", Typeflag: tar.TypeReg, Uname: strings.Repeat("\x00", 1<<24+1)})), "the archive unpacks to more than 64 times"},
		"tail.tgz":     {gz(t, append(tarred(t, tar.Header{Name: "f", Typeflag: tar.TypeReg}), make([]byte, 1<<26+1<<16)...)), "much follows behind the end"},
		"link.tar":     {tarred(t, tar.Header{Name: "l", Linkname: "/etc", Typeflag: tar.TypeSymlink}), `"l" is no file or folder but of type '2'`},
		"hard.tar":     {tarred(t, tar.Header{Name: "l", Linkname: "../../x", Typeflag: tar.TypeLink}), `"l" is no file or folder but of type '1'`},
		"fifo.tar":     {tarred(t, tar.Header{Name: "l", Typeflag: tar.TypeFifo}), `"l" is no file or folder but of type '6'`},
		"up.tar":       {tarred(t, tar.Header{Name: "a/../../x", Typeflag: tar.TypeReg}), "leads out of the folder"},
		"noise.tar":    {bytes.Repeat([]byte("noise"), 1000), "archive/tar: invalid tar header"},
		"cut.tgz":      {tgz[:len(tgz)-6], "gzip: unexpected EOF"},
		"sum.tgz":      {flip(tgz, len(tgz)-5), "gzip: invalid checksum"},
		"empty.gz":     {nil, "gzip: unexpected EOF"},
		"picture.jpeg": {nil, "it is no archive by its name, want .zip, .tar, .tar.gz, .tgz or .gz"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			require.NoError(t, os.WriteFile(filepath.Join(dir, "taken"), nil, 0o600))
			path := filepath.Join(t.TempDir(), name)
			require.NoError(t, os.WriteFile(path, c.file, 0o600))
			_, err := download.Unpack(t.Context(), path, dir, download.Options{})
			require.ErrorContains(t, err, c.want)
			require.ErrorContains(t, err, "download: unpack "+path+": ")
			holds(t, dir, "taken")
		})
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "a.zip")
	require.NoError(t, os.WriteFile(path, ok, 0o600))
	done, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := download.Unpack(done, path, dir, download.Options{})
	require.ErrorIs(t, err, context.Canceled)
	var none context.Context
	_, err = download.Unpack(none, path, dir, download.Options{})
	require.EqualError(t, err, "download: unpack: the context is nil")
	_, err = download.Unpack(t.Context(), dir, dir, download.Options{})
	require.Error(t, err)
	holds(t, dir, "a.zip")
}

// A set is got once, and what is had by hand is unpacked too.
func TestFetch(t *testing.T) {
	b := zipped(t, nil, "Train/0/x.bin", "ex")
	s := serve(t, whole(b, ""))
	dir := t.TempDir()
	set := download.Set{Name: "n", Title: "Numbers", Page: "https://numbers.example", Files: []download.File{
		{Name: "Train.zip", URLs: []string{s.URL}, SHA256: sha(b), Gives: "Train"},
		{Name: "Test.zip", Gives: "Test"},
		{Name: "note.txt", URLs: []string{serve(t, whole([]byte("hello"), "")).URL}},
	}}
	_, err := set.Fetch(t.Context(), dir, quick)
	require.EqualError(t, err, "download: Test.zip: it is not in "+dir+", and there is no address to get it from (Numbers is offered at https://numbers.example)")
	require.NoError(t, os.WriteFile(filepath.Join(dir, "Test.zip"), zipped(t, nil, "Test/1/y.bin", "why"), 0o600))
	got, err := set.Fetch(t.Context(), dir, quick)
	require.NoError(t, err)
	require.Len(t, got, 3)
	require.Equal(t, sha([]byte("hello")), got[2].SHA256)
	in := files(t, dir)
	require.Equal(t, []string{"ex", "why", "hello"}, []string{in["Train/0/x.bin"], in["Test/1/y.bin"], in["note.txt"]})
	require.Len(t, s.ranges, 1)

	set.Files = []download.File{{Name: "Train.zip", Gives: "elsewhere"}}
	require.NoError(t, os.RemoveAll(filepath.Join(dir, "Train")))
	_, err = set.Fetch(t.Context(), dir, quick)
	require.ErrorContains(t, err, "Train.zip has been unpacked, and "+filepath.Join(dir, "elsewhere")+" is not there")
	set.Files = nil
	_, err = set.Fetch(t.Context(), dir, quick)
	require.EqualError(t, err, "download: n: its authors ask who you are: get it by hand at https://numbers.example")
}

// What is known of data sets makes sense.
func TestSets(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range download.Sets() {
		require.False(t, seen[s.Name])
		seen[s.Name] = true
		got, err := download.ByName(s.Name)
		require.NoError(t, err)
		require.Equal(t, s, got)
		require.True(t, strings.HasPrefix(s.Page, "https://"))
		for _, f := range s.Files {
			_, err := download.Get(t.Context(), download.File{Name: f.Name, SHA256: f.SHA256, MD5: f.MD5, Gives: f.Gives}, t.TempDir(), download.Options{})
			require.ErrorContains(t, err, "there is no address to get it from", "a sum that makes no sense is refused before")
			for _, url := range f.URLs {
				req, err := http.NewRequest(http.MethodGet, url, nil)
				require.NoError(t, err)
				require.Equal(t, "https", req.URL.Scheme)
			}
		}
	}
	_, err := download.ByName("mnist")
	require.EqualError(t, err, `download: no data set "mnist", want one of n-mnist, n-caltech101, ncars, dvs128-gesture, cifar10-dvs, asl-dvs, st-mnist, shd, ssc, speech-commands`)
}

// Whatever an archive is, it leaves files within the folder, or nothing.
func FuzzUnpack(f *testing.F) {
	f.Add(0, zipped(f, nil, "a/b", "c", "d.zip", string(zipped(f, nil, "e", "f"))))
	f.Add(1, tarred(f, tar.Header{Name: "d/f", Typeflag: tar.TypeReg, Uname: "eff"}, tar.Header{Name: "l", Linkname: "/etc", Typeflag: tar.TypeSymlink}))
	f.Add(2, gz(f, tarred(f, tar.Header{Name: "../f", Typeflag: tar.TypeReg, Uname: "eff"})))
	f.Add(3, gz(f, []byte("hello")))
	f.Fuzz(func(t *testing.T, kind int, b []byte) {
		if len(b) > 1<<14 {
			return
		}
		above := t.TempDir()
		dir := filepath.Join(above, "in", "dir")
		require.NoError(t, os.MkdirAll(dir, 0o700))
		path := filepath.Join(above, "a"+[]string{".zip", ".tar", ".tgz", ".gz"}[uint(kind)%4])
		require.NoError(t, os.WriteFile(path, b, 0o600))
		names, err := download.Unpack(t.Context(), path, dir, download.Options{})
		left, e := os.ReadDir(dir)
		require.NoError(t, e)
		require.Len(t, left, len(names))
		require.Equal(t, err != nil, len(left) == 0)
		outside, e := os.ReadDir(above)
		require.NoError(t, e)
		require.Len(t, outside, 2)
		require.NoError(t, filepath.WalkDir(dir, func(_ string, d os.DirEntry, err error) error {
			require.True(t, d.IsDir() || d.Type().IsRegular())
			return err
		}))
	})
}
