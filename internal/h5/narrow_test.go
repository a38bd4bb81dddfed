package h5_test

import (
	"bytes"
	"encoding/binary"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spikegrad/spikegrad/internal/h5"
	"github.com/spikegrad/spikegrad/internal/h5/h5test"
)

// Where ints have 32 bits, a shape that they do not count is refused before it becomes a
// smaller one, and a file of others is read as anywhere.
func TestNarrow(t *testing.T) {
	bits := 31 // no constant, which would not compile there
	wide := 1 << bits
	read := func(b []byte) error {
		defer h5.Narrow()()
		f, err := h5.Open(bytes.NewReader(b), int64(len(b)))
		require.NoError(t, err)
		_, err = f.Read("x")
		return err
	}
	one := h5test.Uint16s(1)
	for want, shape := range map[string][]int{
		"/x: a dimension is 2147483648 after [], more than any file has":   {wide},
		"/x: a dimension is 2147483648 after [0], more than any file has":  {0, wide},
		"/x: a dimension is 65536 after [32768 1], more than any file has": {1 << 15, 1, 1 << 16},
		"/x: it has the shape [1073741824], and its file only ":            {1 << 30},
		"/x: it has the shape [32768 65535], and its file only ":           {1 << 15, 1<<16 - 1},
	} {
		require.ErrorContains(t, read(h5test.Write(map[string]h5test.Set{"x": {Shape: shape, Type: h5test.Uint16, Data: one}})), want)
	}
	b := h5test.Write(map[string]h5test.Set{"x": {Shape: []int{4}, Type: h5test.Uint16, Data: h5test.Uint16s(1, 2, 3, 4), Chunk: 2}})
	require.NoError(t, read(b))
	at := bytes.Index(b, []byte{3, 2, 2}) // the layout: version, class, rank and one, address, sides
	binary.LittleEndian.PutUint32(b[at+11:], 1<<30)
	require.EqualError(t, read(b), "/x: chunks with a side of 1073741824, more than a chunk has")
	defer h5.Narrow()()
	require.True(t, visit(written()))
}
