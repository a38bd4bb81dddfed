package data_test

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"github.com/spikegrad/spikegrad/data"
)

// idx returns an IDX file of unsigned bytes.
func idx(values []byte, shape ...int) []byte {
	b := []byte{0, 0, 8, byte(len(shape))}
	for _, d := range shape {
		b = binary.BigEndian.AppendUint32(b, uint32(d))
	}
	return append(b, values...)
}

// zipped returns b, gzipped.
func zipped(b []byte) []byte {
	var buf bytes.Buffer
	z := gzip.NewWriter(&buf)
	_, _ = z.Write(b) // a buffer takes everything
	_ = z.Close()
	return buf.Bytes()
}

func TestReadIDX(t *testing.T) {
	values := []byte{0, 1, 2, 3, 4, 255}
	deep := make([]int, 255)
	for i := range deep {
		deep[i] = 1
	}
	for name, c := range map[string]struct {
		values []byte
		shape  []int
	}{
		"labels":   {values, []int{6}},
		"images":   {values, []int{1, 2, 3}},
		"rank 255": {[]byte{9}, deep},
	} {
		file := idx(c.values, c.shape...)
		for how, r := range map[string]io.Reader{
			"plain":        bytes.NewReader(file),
			"gzipped":      bytes.NewReader(zipped(file)),
			"byte by byte": iotest.OneByteReader(bytes.NewReader(file)),
			"end at once":  iotest.DataErrReader(bytes.NewReader(file)),
		} {
			t.Run(name+"/"+how, func(t *testing.T) {
				shape, got, err := data.ReadIDX(r)
				require.NoError(t, err)
				require.Equal(t, c.shape, shape)
				require.Equal(t, c.values, got)
			})
		}
	}
}

func TestReadIDXErrors(t *testing.T) {
	good := idx([]byte{1, 2, 3, 4}, 2, 2)
	z := zipped(good)
	flip := func(b []byte, i int) []byte {
		b = bytes.Clone(b)
		b[(i+len(b))%len(b)] ^= 0xff
		return b
	}
	for name, c := range map[string]struct {
		file []byte
		want string
	}{
		"empty":            {nil, "data: idx: header ends after 0 of 4 bytes: unexpected EOF"},
		"cut magic":        {good[:3], "data: idx: header ends after 3 of 4 bytes: unexpected EOF"},
		"cut dimensions":   {good[:9], "data: idx: header ends after 9 of 12 bytes: unexpected EOF"},
		"no dimensions":    {good[:4], "data: idx: header ends after 4 of 12 bytes: unexpected EOF"},
		"no data":          {good[:12], "data: idx: header claims shape [2 2], 4 bytes of data, file ends after 0: unexpected EOF"},
		"cut data":         {good[:15], "data: idx: header claims shape [2 2], 4 bytes of data, file ends after 3: unexpected EOF"},
		"trailing":         {append(bytes.Clone(good), 0), "data: idx: header claims shape [2 2], 4 bytes of data, file goes on after them"},
		"text":             {[]byte("<html>"), "data: idx: file starts with bytes 3c 68 74 6d, want 00 00 08 and the rank: not an IDX file"},
		"float32":          {[]byte{0, 0, 0x0d, 1, 0, 0, 0, 1}, "data: idx: type byte is 0x0d (float32), want 0x08 (unsigned byte)"},
		"unknown type":     {[]byte{0, 0, 0x0a, 1, 0, 0, 0, 1}, "data: idx: type byte is 0x0a (unknown), want 0x08 (unsigned byte)"},
		"rank 0":           {[]byte{0, 0, 8, 0, 1}, "data: idx: rank is 0, want 1 to 255"},
		"dimension 0":      {idx(nil, 3, 0), "data: idx: dimension 1 of 2 is 0, want at least 1"},
		"too large":        {idx(nil, 3, 1<<30), "data: idx: dimensions up to number 1 of 2 announce 3221225472 bytes of data, want at most 2147483647"},
		"overflow":         {idx(nil, 1<<16, 1<<16, 1<<16, 1<<16), "announce 4294967296 bytes of data, want at most 2147483647"},
		"gzip: cut header": {z[:5], "data: idx: gzip header: unexpected EOF"},
		"gzip: bad header": {flip(z, 2), "data: idx: gzip header: gzip: invalid header"},
		"gzip: cut":        {z[:20], "unexpected EOF"},
		"gzip: no sum":     {z[:len(z)-8], "data: idx: after 4 of 4 bytes of data: unexpected EOF"},
		"gzip: wrong sum":  {flip(z, -8), "data: idx: after 4 of 4 bytes of data: gzip: invalid checksum"},
		"gzip: trailing":   {append(bytes.Clone(z), 7), "data: idx: after 4 of 4 bytes of data: unexpected EOF"},
		"gzip: more":       {zipped(append(bytes.Clone(good), make([]byte, 1<<20)...)), "file goes on after them"},
		"gzip: less":       {zipped(good[:14]), "data: idx: header claims shape [2 2], 4 bytes of data, file ends after 2: unexpected EOF"},
		"gzip: twice":      {zipped(z), "data: idx: file starts with bytes 1f 8b"},
	} {
		t.Run(name, func(t *testing.T) {
			shape, values, err := data.ReadIDX(bytes.NewReader(c.file))
			require.ErrorContains(t, err, c.want)
			require.Nil(t, shape)
			require.Nil(t, values)
		})
	}
	_, _, err := data.ReadIDX(nil)
	require.EqualError(t, err, "data: idx: the reader is nil")
	broken := errors.New("broken disk")
	for _, n := range []int{0, 3, 10, 14, 16} {
		_, _, err = data.ReadIDX(io.MultiReader(bytes.NewReader(good[:n]), iotest.ErrReader(broken)))
		require.ErrorIs(t, err, broken, "after %d bytes", n)
	}
}

// A header of 16 bytes that claims 2 GB costs what the file holds.
func TestReadIDXAllocation(t *testing.T) {
	file := idx(make([]byte, 1000), math.MaxInt32)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, _, err := data.ReadIDX(bytes.NewReader(file))
	runtime.ReadMemStats(&after)
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(1<<20))
}

// What FuzzReadIDX accepts is the file that its shape and data make.
func FuzzReadIDX(f *testing.F) {
	good := idx([]byte{1, 2, 3, 4}, 2, 2)
	for _, seed := range [][]byte{
		nil, good, good[:7], good[:14], append(bytes.Clone(good), 0), zipped(good), zipped(good)[:20],
		zipped(good[:14]), idx(nil, 1<<16, 1<<16, 1<<16, 1<<16), idx([]byte{7}, 1, 1, 1, 1), []byte("\x1f\x8b"),
		[]byte(strings.Repeat("\x00\x00\x08\xff", 300)),
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		shape, values, err := data.ReadIDX(bytes.NewReader(file))
		if err != nil {
			require.ErrorContains(t, err, "data: idx: ")
			return
		}
		if bytes.HasPrefix(file, []byte{0x1f, 0x8b}) {
			z, err := gzip.NewReader(bytes.NewReader(file))
			require.NoError(t, err)
			file, err = io.ReadAll(z)
			require.NoError(t, err)
		}
		require.Equal(t, file, idx(values, shape...))
	})
}
