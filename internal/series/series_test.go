package series_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spikegrad/spikegrad/internal/series"
)

func TestSeries(t *testing.T) {
	s, dir := series.Series{Prefix: "n-", Ext: ".x"}, t.TempDir()
	for name, n := range map[string]int{
		"n-000000012.x": 12, "n-7.x": 7, "n-.x": -1, "n-3.y": -1, "m-3.x": -1, "n-4294967296.x": -1, "n-+1.x": -1, "n--1.x": -1,
	} {
		require.Equal(t, n, s.Number(name), name)
	}
	require.Equal(t, "n-000000012.x", s.Name(12))
	names := func(dir string) []string {
		names, err := s.Names(dir)
		require.NoError(t, err)
		return names
	}
	for _, name := range []string{s.Name(3), s.Name(20), s.Name(100), "n-5.x", "best.x", "other"} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), nil, 0o666))
	}
	require.Equal(t, []string{s.Name(3), "n-5.x", s.Name(20), s.Name(100)}, names(dir))
	require.NoError(t, s.Prune(dir, 3))
	require.Equal(t, []string{"n-5.x", s.Name(20), s.Name(100)}, names(dir))
	to := filepath.Join(dir, "earlier")
	require.NoError(t, s.SetAside(dir, to, []string{"n-5.x", "best.x", "gone.x"}, []string{"best.x"}))
	require.Equal(t, []string{"n-5.x"}, names(to))
	require.FileExists(t, filepath.Join(to, "best.x"))
	require.NoError(t, s.SetAside(dir, to, []string{s.Name(20)}, []string{"best.x"}))
	require.Equal(t, []string{s.Name(20)}, names(to))
	require.NoFileExists(t, filepath.Join(to, "best.x"))
	require.FileExists(t, filepath.Join(dir, "other"))
}
