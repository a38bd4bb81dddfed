package files

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// A power failure leaves the old file or the new one, whole, only if the bytes are
// on the disk before the name is, and the name before Replace returns.
func TestOrder(t *testing.T) {
	defer func() { rename, fsync = os.Rename, (*os.File).Sync }()
	dir := t.TempDir()
	path := filepath.Join(dir, "a.txt")
	var steps []string
	broken := map[string]error{}
	fsync = func(f *os.File) error {
		step := "sync folder"
		if f.Name() != dir {
			b, err := os.ReadFile(f.Name())
			require.NoError(t, err)
			step = "sync " + string(b)
		}
		steps = append(steps, step)
		if err := broken[step]; err != nil {
			return err
		}
		return f.Sync()
	}
	rename = func(from, to string) error {
		require.Equal(t, path, to)
		steps = append(steps, "rename")
		if err := broken["rename"]; err != nil {
			return err
		}
		return os.Rename(from, to)
	}
	write := func(s string) error {
		steps = nil
		return Replace(path, func(w io.Writer) error { _, err := io.WriteString(w, s); return err })
	}
	require.NoError(t, write("one"))
	require.Equal(t, []string{"sync one", "rename", "sync folder"}, steps)

	for i, at := range []string{"sync two", "rename", "sync folder"} {
		broken = map[string]error{at: errors.New("no power")}
		require.EqualError(t, write("two"), "no power", at)
		require.Len(t, steps, i+1, "what is not on the disk is not renamed")
		b, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Equal(t, map[bool]string{true: "two", false: "one"}[at == "sync folder"], string(b))
		left, err := os.ReadDir(dir)
		require.NoError(t, err)
		require.Len(t, left, 1)
	}

	// A file system that does not sync folders is none to fail on.
	broken = map[string]error{"sync folder": errors.ErrUnsupported}
	require.NoError(t, write("three"))
}
