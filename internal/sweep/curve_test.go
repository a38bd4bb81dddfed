package main

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestParse(t *testing.T) {
	c, err := parse(`goos: linux
BenchmarkRate/0.5%-2         	      20	  27000000 ns/op	        49.00 nodes
BenchmarkRate/100%-2         	      20	  60000000 ns/op	        49.00 nodes
BenchmarkRate/0.5%-2         	      20	  21000000 ns/op	        49.00 nodes
BenchmarkRate/0.5%-2         	      20	  22000000.5 ns/op	        49.00 nodes
BenchmarkRate/100%-2         	      20	  62000000 ns/op	        49.00 nodes
PASS
`)
	require.NoError(t, err)
	require.Equal(t, []float64{0.5, 100}, c.x)
	require.InDeltaSlice(t, []float64{21, 60}, c.ms, 1e-6)

	c, err = parse("BenchmarkSteps/25 	 20	 3000000 ns/op\n")
	require.NoError(t, err)
	require.Equal(t, curve{x: []float64{25}, ms: []float64{3}}, c)
	require.Equal(t, []float64{3}, c.line())

	_, err = parse("PASS\n")
	require.EqualError(t, err, "no results in\nPASS\n")
}

func TestLine(t *testing.T) {
	c := curve{x: []float64{1, 2, 4}, ms: []float64{5, 7, 11}}
	require.InDeltaSlice(t, c.ms, c.line(), 1e-9)
	// Of (0, 1) and (0, 2) in proportion: the weights are 1 and ¼.
	c = curve{x: []float64{0, 0}, ms: []float64{1, 2}}
	require.InDeltaSlice(t, []float64{1.2, 1.2}, c.line(), 1e-9)
}
