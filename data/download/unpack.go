package download

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spikegrad/spikegrad/internal/files"
)

// What an archive may hold. Recordings are packed to a fifth at best, and sound to a
// half; what promises more than this is made to fill a disk.
const (
	mostTimes = 64      // as long as the archive
	leastRoom = 1 << 24 // bytes that any archive may have
	mostFiles = 1 << 20
)

// Unpack unpacks an archive, .zip, .tar, .tar.gz or .tgz, or a .gz of one file, into a
// folder, and returns the names that it has put there. Archives in it are unpacked too,
// and removed. The files are put into place once all of them are there and their
// checksums are right; a name that is taken is an error, and so are names that lead out
// of the folder, links, devices, passwords, and an archive that unpacks to more than 64
// times its length or a million files. The archive stays as it is.
func Unpack(ctx context.Context, path, dir string, o Options) (names []string, err error) {
	if ctx == nil {
		return nil, errors.New("download: unpack: the context is nil")
	}
	names, err = unpack(ctx, path, dir, o)
	if err != nil {
		return nil, fmt.Errorf("download: unpack %s: %w", path, err)
	}
	return names, nil
}

func unpack(ctx context.Context, path, dir string, o Options) (names []string, err error) {
	if kindOf(path) == "" {
		return nil, errors.New("it is no archive by its name, want .zip, .tar, .tar.gz, .tgz or .gz")
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, err
	}
	room, err := os.MkdirTemp(dir, ".unpack-*")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(room)
	root, err := os.OpenRoot(room)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	u := &unpacker{ctx: ctx, root: root, tell: newTeller(o.Progress, Progress{Name: filepath.Base(path)})}
	if err := u.archive(path, ".", true); err != nil {
		return nil, err
	}
	if err := u.inner(room); err != nil {
		return nil, err
	}
	if err := u.tell.now(u.tell.p.Size); err != nil {
		return nil, err
	}
	return place(room, dir)
}

// kindOf returns how a file is packed, by its name.
func kindOf(name string) string {
	name = strings.ToLower(name)
	for _, kind := range []string{".zip", ".tar.gz", ".tgz", ".tar", ".gz"} {
		if strings.HasSuffix(name, kind) {
			return kind
		}
	}
	return ""
}

// place moves what has been unpacked to where it belongs.
func place(room, dir string) (names []string, err error) {
	entries, err := os.ReadDir(room)
	if err != nil {
		return nil, err
	}
	if len(entries) == 0 {
		return nil, errors.New("there is no file in it")
	}
	for _, e := range entries {
		if _, err := os.Lstat(filepath.Join(dir, e.Name())); !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("%s is there already: remove it first", filepath.Join(dir, e.Name()))
		}
	}
	for _, e := range entries {
		if err := os.Rename(filepath.Join(room, e.Name()), filepath.Join(dir, e.Name())); err != nil {
			return nil, err
		}
		names = append(names, e.Name())
	}
	return names, files.SyncDir(dir)
}
