package main

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spikegrad/spikegrad/data/download"
)

func TestDataList(t *testing.T) {
	code, out, errs := call("data", "list")
	require.Zero(t, code)
	require.Empty(t, errs)
	require.Contains(t, out, "\nshd              data get  Spiking Heidelberg Digits")
	require.Contains(t, out, "\nncars            by hand   N-CARS")
	for _, s := range download.Sets() {
		require.Contains(t, out, " "+s.Page+"\n")
	}
	code, out, _ = call("data", "list", "-json")
	require.Zero(t, code)
	lines := strings.Split(strings.TrimSpace(out), "\n")
	require.Len(t, lines, len(download.Sets()))
	var first struct {
		Name   string
		ByHand bool `json:"by hand"`
	}
	require.NoError(t, json.Unmarshal([]byte(lines[0]), &first))
	require.Equal(t, "n-mnist", first.Name)
	require.False(t, first.ByHand)
	code, _, errs = call("data", "list", "more")
	require.Equal(t, misuse, code)
	require.Contains(t, errs, `"more" is too much`)
}

// Files that were got by hand are looked at and unpacked; others are not asked for here.
func TestDataGet(t *testing.T) {
	for _, args := range [][]string{{}, {"n-mnist"}, {"mnist", "dir"}, {"a", "b", "c"}} {
		code, _, errs := call(append([]string{"data", "get"}, args...)...)
		require.Equal(t, misuse, code)
		require.Contains(t, errs, "spikegrad data get")
	}
	dir := t.TempDir()
	code, _, errs := call("data", "get", "ncars", dir)
	require.Equal(t, failed, code)
	require.Equal(t, "spikegrad: download: ncars: its authors ask who you are: get it by hand at https://www.prophesee.ai/2018/03/13/dataset-n-cars/\n", errs)
	code, _, errs = call("data", "get", "dvs128-gesture", dir)
	require.Equal(t, failed, code)
	require.Contains(t, errs, "DvsGesture.tar.gz: it is not in "+dir)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "DvsGesture.tar.gz"), []byte("another file"), 0o600))
	code, _, errs = call("data", "get", "dvs128-gesture", dir)
	require.Equal(t, failed, code)
	require.Contains(t, errs, "is there already, but its MD5 is ")

	var b bytes.Buffer
	z := zip.NewWriter(&b)
	w, err := z.Create("a/a_0001.mat")
	require.NoError(t, err)
	_, err = w.Write([]byte("MATLAB"))
	require.NoError(t, err)
	require.NoError(t, z.Close())
	require.NoError(t, os.WriteFile(filepath.Join(dir, "ICCV2019_DVS_dataset.zip"), b.Bytes(), 0o600))
	code, out, errs := call("data", "get", "asl-dvs", dir)
	require.Zero(t, code, errs)
	require.Regexp(t, `^.*ICCV2019_DVS_dataset\.zip: [0-9a-f]{64}\n$`, out)
	require.FileExists(t, filepath.Join(dir, "a", "a_0001.mat"))
	code, out, _ = call("data", "get", "-json", "asl-dvs", dir)
	require.Zero(t, code)
	require.Contains(t, out, `"sha256":""`)
	_, out, _ = call("data", "get", "asl-dvs", dir)
	require.Equal(t, filepath.Join(dir, "a")+": there already\n", out)
}
