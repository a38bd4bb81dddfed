package main

import (
	"encoding/json"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spikegrad/spikegrad/internal/cpu"
	"github.com/spikegrad/spikegrad/internal/host"
)

func TestVersion(t *testing.T) {
	code, out, errs := call("version")
	require.Zero(t, code)
	require.Empty(t, errs)
	require.Equal(t, "spikegrad: "+host.Version()+"\n", out)

	restore, err := cpu.ForceKernels(cpu.Go)
	require.NoError(t, err)
	defer restore()
	code, out, _ = call("version", "-v")
	require.Zero(t, code)
	require.Contains(t, out, "\nsystem: "+runtime.GOOS+"/"+runtime.GOARCH+"\n")
	require.Contains(t, out, "\nkernels: Go\nproducts: Go\n")

	code, out, _ = call("version", "-json")
	require.Zero(t, code)
	var h host.Host
	require.NoError(t, json.Unmarshal([]byte(out), &h))
	require.Equal(t, host.This(), h)

	code, _, errs = call("version", "2")
	require.Equal(t, misuse, code)
	require.True(t, strings.HasPrefix(errs, `spikegrad version: "2" is too much`), errs)
}
