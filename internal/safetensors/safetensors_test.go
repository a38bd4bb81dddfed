package safetensors_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"math"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spikegrad/spikegrad/internal/safetensors"
)

func sample() *safetensors.File {
	return &safetensors.File{
		Metadata: map[string]string{"note": `a "quoted" text`},
		Tensors: []safetensors.Tensor{
			safetensors.Of("b", []int{2, 1}, []float32{1, -2}),
			safetensors.Of("a", []int{1}, []float64{0.5}),
			safetensors.Of("s", nil, []float32{3}),
			safetensors.Of("e", []int{0, 2}, []float32{}),
		},
	}
}

func encode(t testing.TB, f *safetensors.File) []byte {
	var b bytes.Buffer
	require.NoError(t, f.Write(&b))
	return b.Bytes()
}

func read(b []byte) (*safetensors.File, error) {
	return safetensors.Read(bytes.NewReader(b), int64(len(b)))
}

// The layout, byte by byte.
func TestWrite(t *testing.T) {
	b := encode(t, sample())
	n := binary.LittleEndian.Uint64(b)
	require.Zero(t, n%8)
	head := string(b[8 : 8+n])
	sum := regexp.MustCompile(`"crc32c":"([0-9a-f]{8})"`).FindStringSubmatch(head)
	require.Len(t, sum, 2)
	require.Equal(t, `{"__metadata__":{"crc32c":"`+sum[1]+`","note":"a \"quoted\" text"},`+
		`"a":{"dtype":"F64","shape":[1],"data_offsets":[0,8]},`+
		`"b":{"dtype":"F32","shape":[2,1],"data_offsets":[8,16]},`+
		`"s":{"dtype":"F32","shape":[],"data_offsets":[16,20]},`+
		`"e":{"dtype":"F32","shape":[0,2],"data_offsets":[20,20]}}`, strings.TrimRight(head, " "))
	require.Equal(t, []byte{0, 0, 0, 0, 0, 0, 0xe0, 0x3f, 0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0, 0, 0, 0x40, 0x40}, b[8+n:])

	// The checksum is that of the file with zeros in its place.
	zeroed := bytes.Replace(b, []byte(sum[1]), []byte("00000000"), 1)
	require.Equal(t, fmt.Sprintf("%08x", crc32.Checksum(zeroed, crc32.MakeTable(crc32.Castagnoli))), sum[1])
	require.Equal(t, b, encode(t, sample()))

	bad := func(ts ...safetensors.Tensor) error {
		return (&safetensors.File{Tensors: ts}).Write(new(bytes.Buffer))
	}
	x := []float32{1}
	require.EqualError(t, bad(safetensors.Of("a", []int{1}, x), safetensors.Of("a", []int{1}, x)), `a tensor is called "a": the name is empty, taken or used twice`)
	require.EqualError(t, bad(safetensors.Of("__metadata__", []int{1}, x)), `a tensor is called "__metadata__": the name is empty, taken or used twice`)
	require.EqualError(t, bad(safetensors.Of("\xff", []int{1}, x)), `a tensor is called "\xff", which is not UTF-8`)
	require.EqualError(t, bad(safetensors.Of("a", []int{2}, x)), "tensor a: F32 of shape [2] has 4 bytes, want 8")
	require.EqualError(t, bad(safetensors.Of("a", []int{-1}, x)), "tensor a: shape is [-1], want axes of at least 0")
	require.EqualError(t, (&safetensors.File{Metadata: map[string]string{"crc32c": ""}}).Write(new(bytes.Buffer)), `metadata are called "crc32c", which is the name of the checksum`)
}

func TestRoundTrip(t *testing.T) {
	want := sample()
	got, err := read(encode(t, want))
	require.NoError(t, err)
	require.True(t, got.Checked)
	require.Equal(t, want.Metadata, got.Metadata)
	require.Len(t, got.Tensors, 4)
	for i, name := range []string{"a", "b", "s", "e"} {
		require.Equal(t, name, got.Tensors[i].Name)
	}
	require.Equal(t, want.Tensors[0], got.Tensors[1])
	require.Equal(t, want.Tensors[1], got.Tensors[0])
	require.Equal(t, []float32{3}, got.Tensors[2].Data)
	require.Empty(t, got.Tensors[2].Shape)
	require.Equal(t, []int{0, 2}, got.Tensors[3].Shape)
}

// Every flipped bit and every missing or added byte is found, but for those in the
// name of the checksum.
func TestDamage(t *testing.T) {
	b := encode(t, sample())
	name := bytes.Index(b, []byte("crc32c"))
	for i := range b {
		for bit := range 8 {
			c := bytes.Clone(b)
			c[i] ^= 1 << bit
			f, err := read(c)
			if name <= i && i < name+len("crc32c") {
				require.True(t, err != nil || !f.Checked, "the file is taken for one without a checksum")
				continue
			}
			require.Error(t, err, "bit %d of byte %d", bit, i)
		}
		_, err := read(b[:i])
		require.Error(t, err, "%d bytes", i)
	}
	_, err := read(append(bytes.Clone(b), 0))
	require.EqualError(t, err, "1 bytes follow the last tensor")
	_, err = read(b[:len(b)-3])
	require.EqualError(t, err, "the file is truncated: 3 bytes are missing")
	_, err = safetensors.Read(bytes.NewReader(b[:len(b)-3]), int64(len(b)))
	require.EqualError(t, err, "the file ended while it was read")
}

// raw returns a file with this header.
func raw(head string, data ...byte) []byte {
	b := binary.LittleEndian.AppendUint64(nil, uint64(len(head)))
	return append(append(b, head...), data...)
}

func TestRead(t *testing.T) {
	// As others write it: no metadata, any order, types that we do not use.
	f, err := read(raw(`{"h":{"dtype":"BF16","shape":[2],"data_offsets":[4,8]},"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}  `, 0, 0, 128, 63, 1, 2, 3, 4))
	require.NoError(t, err)
	require.False(t, f.Checked)
	require.Empty(t, f.Metadata)
	require.Equal(t, []safetensors.Tensor{
		{Name: "w", Shape: []int{1}, DType: "F32", Data: []float32{1}},
		{Name: "h", Shape: []int{2}, DType: "BF16", Data: []byte{1, 2, 3, 4}},
	}, f.Tensors)

	huge := binary.LittleEndian.AppendUint64(nil, 1<<63)
	for _, c := range []struct {
		in   []byte
		want string
	}{
		{nil, "the file has 0 bytes, want at least 8: it is truncated or no safetensors file"},
		{append(huge, "{}"...), "the header should have 9223372036854775808 bytes, the file has 10: it is truncated or no safetensors file"},
		{raw(``), "the header makes no sense: it does not start with {"},
		{raw(` {}`), "the header makes no sense: it does not start with {"},
		{raw(`[]`), "the header makes no sense: it does not start with {"},
		{raw(`{}x`), "the header makes no sense: 1 bytes follow its end"},
		{raw(`{"a":{"dtype":"F32","shape":[],"data_offsets":[0,4]}`), "the header makes no sense: EOF"},
		{raw(`{"a":{"dtype":"F32","shape":[0],"data_offsets":[0,0]},"a":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}}`), `the header makes no sense: the name "a" comes twice`},
		{raw(`{"__metadata__":{},"__metadata__":{}}`), `the header makes no sense: the name "__metadata__" comes twice`},
		{raw(`{"a":{"dtype":"F32","shape":[0],"data_offsets":[0,0],"order":"F"}}`), `the header makes no sense: tensor "a": json: unknown field "order"`},
		{raw(`{"a":{"dtype":"F33","shape":[1],"data_offsets":[0,4]}}`, 0, 0, 0, 0), `the header makes no sense: tensor "a": elements are of type "F33", which is not known`},
		{raw(`{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}`, 0, 0, 0, 0), `the header makes no sense: tensor "a": shape is [-1], want axes of at least 0`},
		{raw(`{"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,4]}}`, 0, 0, 0, 0), `the header makes no sense: tensor "a": shape is [4294967296 4294967296], which is more than there is`},
		{raw(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}`, 0, 0, 0, 0, 0, 0, 0, 0), `the header makes no sense: tensor "a": F32 of shape [1] has offsets [4 8], want 0 and 4 bytes more`},
		{raw(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4,4]}}`, 0, 0, 0, 0), `the header makes no sense: tensor "a": F32 of shape [1] has offsets [0 4 4], want 0 and 4 bytes more`},
		{raw(`{"a":{"dtype":"F32","shape":[2305843009213693951],"data_offsets":[0,9223372036854775804]}}`), "the file is truncated: 9223372036854775804 bytes are missing"},
		{raw(`{"a":{"dtype":"U8","shape":[9223372036854775807],"data_offsets":[0,9223372036854775807]},"b":{"dtype":"U8","shape":[1],"data_offsets":[9223372036854775807,-9223372036854775808]}}`),
			`the header makes no sense: tensor "b": U8 of shape [1] has offsets [9223372036854775807 -9223372036854775808], want 9223372036854775807 and 1 bytes more`},
	} {
		_, err := read(c.in)
		require.EqualError(t, err, c.want)
	}
}

// A header that no other reader takes is refused before there is memory for it.
func TestLongHeader(t *testing.T) {
	_, err := safetensors.Read(bytes.NewReader(binary.LittleEndian.AppendUint64(nil, 100_000_001)), 1<<40)
	require.EqualError(t, err, "the header has 100000001 bytes, want at most 100000000")
}

// Whatever the bytes, they are a file that is written and read as it was, or an
// error; no more memory is taken than there are bytes.
func FuzzRead(f *testing.F) {
	f.Add(encode(f, sample()))
	f.Add(raw(`{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}`, 0, 0, 128, 63))
	f.Add(raw(`{"__metadata__":{"a":"b"}}`))
	f.Add(binary.LittleEndian.AppendUint64(nil, math.MaxUint64))
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := read(b)
		if err != nil {
			return
		}
		delete(got.Metadata, "crc32c") // of a file whose checksum is elsewhere
		for _, x := range got.Tensors {
			if x.Name == "" {
				return // which we read, and do not write
			}
		}
		again, err := read(encode(t, got))
		require.NoError(t, err)
		require.Equal(t, encode(t, got), encode(t, again))
	})
}
