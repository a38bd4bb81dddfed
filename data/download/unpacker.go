package download

import (
	"archive/tar"
	"archive/zip"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spikegrad/spikegrad/internal/files"
)

// An unpacker writes the files of archives below a folder, and counts them.
type unpacker struct {
	ctx   context.Context
	root  *os.Root
	tell  *teller
	left  int64 // bytes that may be written
	files int
}

// archive unpacks the archive at path into a folder of the root.
func (u *unpacker) archive(path, into string, outer bool) error {
	f, info, err := files.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	if outer {
		u.left = max(info.Size()*mostTimes, leastRoom)
		u.tell.p.Size = info.Size()
	}
	switch kind := kindOf(path); kind {
	case ".zip":
		return u.zip(f, info.Size(), into)
	case ".tar":
		return u.tar(f, into)
	default:
		z, err := gzip.NewReader(u.counted(f))
		if err != nil {
			return fmt.Errorf("gzip: %w", noEOF(err))
		}
		if kind == ".gz" {
			base := filepath.Base(path)
			return u.file(filepath.Join(into, base[:len(base)-len(kind)]), z)
		}
		if err := u.tar(z, into); err != nil {
			return err
		}
		return drain(z) // its checksum is at the end
	}
}

// inner unpacks the archives of zip files that were in the archive.
func (u *unpacker) inner(room string) error {
	var found []string
	err := filepath.WalkDir(room, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() && kindOf(path) == ".zip" {
			found = append(found, path)
		}
		return err
	})
	if err != nil {
		return err
	}
	for _, path := range slices.Sorted(slices.Values(found)) {
		into, err := filepath.Rel(room, filepath.Dir(path))
		if err == nil {
			err = u.archive(path, into, false)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", filepath.Base(path), err)
		}
		if err := os.Remove(path); err != nil {
			return err
		}
	}
	return nil
}

func (u *unpacker) zip(r io.ReaderAt, size int64, into string) error {
	z, err := zip.NewReader(r, size)
	if err != nil {
		return noEOF(err)
	}
	for _, f := range z.File {
		name, err := u.name(f.Name)
		if err != nil {
			return err
		}
		switch mode := f.Mode(); {
		case name == "":
		case f.Flags&1 != 0:
			return fmt.Errorf("%.60q needs a password", f.Name)
		case mode.IsDir():
			err = u.root.MkdirAll(filepath.Join(into, name), 0o777)
		case !mode.IsRegular():
			return fmt.Errorf("%.60q is no file or folder but of mode %v", f.Name, mode)
		default:
			var in io.ReadCloser
			if in, err = f.Open(); err == nil {
				err = u.file(filepath.Join(into, name), in)
				in.Close()
			}
			u.tell.p.Done += int64(min(f.CompressedSize64, 1<<50))
			if err == nil {
				err = u.tell.often(min(u.tell.p.Done, u.tell.p.Size))
			}
		}
		if err != nil {
			return fmt.Errorf("%.60q: %w", f.Name, err)
		}
	}
	return nil
}

func (u *unpacker) tar(r io.Reader, into string) error {
	for t := tar.NewReader(r); ; {
		h, err := t.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		name, err := u.name(h.Name)
		if err != nil {
			return err
		}
		switch {
		case name == "" || h.Typeflag == tar.TypeXGlobalHeader:
		case h.Typeflag == tar.TypeDir:
			err = u.root.MkdirAll(filepath.Join(into, name), 0o777)
		case h.Typeflag == tar.TypeReg:
			err = u.file(filepath.Join(into, name), t)
		default:
			return fmt.Errorf("%.60q is no file or folder but of type %q", h.Name, h.Typeflag)
		}
		if err != nil {
			return fmt.Errorf("%.60q: %w", h.Name, err)
		}
	}
}

// name returns the name of an entry on this system, or "" of one that is left out: the
// folder itself, and what macOS puts beside files.
func (u *unpacker) name(name string) (string, error) {
	if u.files++; u.files > mostFiles {
		return "", fmt.Errorf("it has more than %d files and folders", mostFiles)
	}
	clean := strings.TrimSuffix(strings.TrimPrefix(name, "./"), "/")
	if clean == "" || clean == "." || strings.HasPrefix(clean, "__MACOSX") || clean == ".DS_Store" || strings.HasSuffix(clean, "/.DS_Store") {
		return "", nil
	}
	local := filepath.FromSlash(clean)
	if strings.ContainsAny(clean, "\\\x00") || !filepath.IsLocal(local) || slices.Contains(strings.Split(clean, "/"), "..") {
		return "", fmt.Errorf("the name %.60q leads out of the folder", name)
	}
	return local, nil
}

// file writes a file, which must not be there.
func (u *unpacker) file(name string, r io.Reader) error {
	if err := u.root.MkdirAll(filepath.Dir(name), 0o777); err != nil {
		return err
	}
	f, err := u.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return err
	}
	err = u.write(f, r)
	if e := f.Close(); err == nil {
		err = e
	}
	return err
}

func (u *unpacker) write(f *os.File, r io.Reader) error {
	for {
		if u.ctx.Err() != nil {
			return context.Cause(u.ctx)
		}
		n, err := io.CopyN(f, r, min(1<<18, u.left+1))
		if u.left -= n; u.left < 0 {
			return fmt.Errorf("the archive unpacks to more than %d times its length, and more than %d bytes", mostTimes, leastRoom)
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// counted tells how far an archive has been read.
func (u *unpacker) counted(r io.Reader) io.Reader { return &counting{r: r, u: u} }

type counting struct {
	r io.Reader
	u *unpacker
}

func (c *counting) Read(b []byte) (int, error) {
	n, err := c.r.Read(b)
	if e := c.u.tell.often(c.u.tell.p.Done + int64(n)); e != nil {
		return n, e
	}
	c.u.tell.p.Done += int64(n)
	return n, err
}

// drain reads to the end.
func drain(r io.Reader) error {
	for range 1 << 10 { // of zeros behind the archive there are few
		if _, err := io.CopyN(io.Discard, r, 1<<16); err == io.EOF {
			return nil
		} else if err != nil {
			return fmt.Errorf("gzip: %w", err)
		}
	}
	return errors.New("much follows behind the end of the archive")
}

func noEOF(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
