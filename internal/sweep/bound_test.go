package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestBounds(t *testing.T) {
	names, of, err := rows(`goos: linux
BenchmarkSizes/recurrent/n=256,batch=16-2   3   30000000 ns/op   2.000 dense-GFLOP   1.500 follow-GB   0.1000 memory-GB
BenchmarkSizes/conv/1x1-2   3   90000000 ns/op   2.000 dense-GFLOP   1.500 follow-GB   0.1000 memory-GB
BenchmarkSizes/recurrent/n=256,batch=16-2   3   40000000 ns/op   2.000 dense-GFLOP   1.500 follow-GB   0.1000 memory-GB
PASS
`)
	require.NoError(t, err)
	require.Equal(t, []string{"Sizes/recurrent/n=256,batch=16", "Sizes/conv/1x1"}, names)
	require.Equal(t, 3e7, of[names[0]]["ns/op"], "the fastest")

	l := limits{gflops: 400, follow: 300, memory: 40}
	dense, follow, memory := l.bound(of[names[0]])
	require.InDelta(t, 5, dense, 1e-9)
	require.InDelta(t, 5, follow, 1e-9)
	require.InDelta(t, 2.5, memory, 1e-9)

	var b strings.Builder
	sizes(&b, l, names, of)
	require.Equal(t, `
400 GFLOP/s, rows 300 GB/s, memory 40 GB/s

| network | ms | dense products at least | following spikes | memory | ms over their sum |
|---|---|---|---|---|---|
| conv/1x1 | 90.0 | 5.0 | 5.0 | 2.5 | 7.2 |
| recurrent/n=256,batch=16 | 30.0 | 5.0 | 5.0 | 2.5 | 2.4 |
`, b.String(), "the farthest from its bound first")

	_, _, err = rows("PASS\n")
	require.EqualError(t, err, "no results in\nPASS\n")
	_, _, err = rows("BenchmarkX 3 many ns/op\n")
	require.ErrorContains(t, err, "many")
}
