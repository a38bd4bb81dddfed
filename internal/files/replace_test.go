package files_test

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spikegrad/spikegrad/internal/files"
)

func names(t *testing.T, dir string) []string {
	es, err := os.ReadDir(dir)
	require.NoError(t, err)
	var ns []string
	for _, e := range es {
		ns = append(ns, e.Name())
	}
	return ns
}

func text(s string) func(io.Writer) error {
	return func(w io.Writer) error { _, err := io.WriteString(w, s); return err }
}

func TestReplace(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a.txt")
	require.NoError(t, files.Replace(path, text("one")))
	require.NoError(t, files.Replace(path, text("two")))
	got, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, "two", string(got))

	// While it is written, the old file is there.
	broken := errors.New("broken")
	err = files.Replace(path, func(w io.Writer) error {
		require.Len(t, names(t, dir), 2)
		got, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Equal(t, "two", string(got))
		_, err = io.WriteString(w, "three")
		require.NoError(t, err)
		return broken
	})
	require.ErrorIs(t, err, broken)
	got, err = os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, "two", string(got))
	require.Equal(t, []string{"a.txt"}, names(t, dir))

	require.ErrorIs(t, files.Replace(filepath.Join(dir, "none", "a.txt"), text("")), os.ErrNotExist)
	require.NoError(t, os.Mkdir(filepath.Join(dir, "b"), 0o777))
	require.Error(t, files.Replace(filepath.Join(dir, "b"), text("")))
	require.Equal(t, []string{"a.txt", "b"}, names(t, dir))
}

// A new file has the permissions that os.Create gives.
func TestPermissions(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no permissions")
	}
	dir := t.TempDir()
	require.NoError(t, files.Replace(filepath.Join(dir, "a"), text("")))
	f, err := os.Create(filepath.Join(dir, "b"))
	require.NoError(t, err)
	require.NoError(t, f.Close())
	a, err := os.Stat(filepath.Join(dir, "a"))
	require.NoError(t, err)
	b, err := os.Stat(filepath.Join(dir, "b"))
	require.NoError(t, err)
	require.Equal(t, b.Mode(), a.Mode())
}

// What a process has left that is no more goes; what another is writing stays.
func TestSweep(t *testing.T) {
	dir := t.TempDir()
	const none = 1 << 22 // more than there are processes, or not this one
	mine, others := fmt.Sprintf(".a.txt.%d-12345678.tmp", os.Getpid()), fmt.Sprintf(".a.txt.%d-12345678.tmp", os.Getppid())
	keep := []string{fmt.Sprintf(".b.bin.%d-12345678.tmp", none), ".e.txt", "c.txt", "d.txt.1-12345678.tmp"}
	if runtime.GOOS != "windows" {
		keep = append(keep, others)
	}
	for _, n := range append([]string{fmt.Sprintf(".a.txt.%d-12345678.tmp", none), mine}, keep...) {
		require.NoError(t, os.WriteFile(filepath.Join(dir, n), nil, 0o666))
	}
	require.NoError(t, files.Sweep(dir, ".txt"))
	require.ElementsMatch(t, keep, names(t, dir))

	// Replace makes such names.
	err := files.Replace(filepath.Join(dir, "f.txt"), func(io.Writer) error {
		require.Contains(t, strings.Join(names(t, dir), " "), fmt.Sprintf(".f.txt.%d-", os.Getpid()))
		return files.Sweep(dir, ".txt")
	})
	require.ErrorIs(t, err, os.ErrNotExist, "it was this process's")
	require.ErrorIs(t, files.Sweep(filepath.Join(dir, "none"), ".txt"), os.ErrNotExist)
}
