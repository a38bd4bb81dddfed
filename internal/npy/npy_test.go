package npy_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/internal/npy"
)

// The bytes are those that numpy.save of NumPy 1.24 writes.
func TestWrite(t *testing.T) {
	var b bytes.Buffer
	require.NoError(t, npy.Write(&b, []int{2, 1}, []float32{1, -2}))
	head := "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 1), }"
	require.Equal(t, "\x93NUMPY\x01\x00v\x00"+head+strings.Repeat(" ", 118-len(head)-1)+"\n\x00\x00\x80\x3f\x00\x00\x00\xc0", b.String())
	for want, shape := range map[string][]int{"(1,)": {1}, "()": {}} {
		b.Reset()
		require.NoError(t, npy.Write(&b, shape, []float64{3}))
		require.Contains(t, b.String(), "{'descr': '<f8', 'fortran_order': False, 'shape': "+want+", }")
		require.Equal(t, 128+8, b.Len())
	}
	require.EqualError(t, npy.Write(&b, []int{2}, []float32{1}), "an array of shape [2] has 1 elements, want 2")
}

// What is written is read again, by this package and by package tensor.
func TestRoundTrip(t *testing.T) {
	for _, shape := range [][]int{{6}, {2, 3}, {1, 3, 2}, {0, 2}, {}} {
		n := tensor.Shape(shape).TotalSize()
		f32, f64 := make([]float32, n), make([]float64, n)
		for i := range n {
			f32[i], f64[i] = 1/float32(i+3), 1/float64(i+3)
		}
		var a, b bytes.Buffer
		require.NoError(t, npy.Write(&a, shape, f32))
		require.NoError(t, npy.Write(&b, shape, f64))
		for want, file := range map[any]*bytes.Buffer{&f32: &a, &f64: &b} {
			raw := bytes.Clone(file.Bytes())
			got, data, err := npy.Read(file, int64(file.Len()))
			require.NoError(t, err)
			require.Equal(t, shape, got)
			d := new(tensor.Dense)
			if n > 0 && len(shape) > 0 {
				require.NoError(t, d.ReadNpy(bytes.NewReader(raw)))
				require.Equal(t, tensor.Shape(shape), d.Shape())
				require.Equal(t, d.Data(), data)
			}
			switch w := want.(type) {
			case *[]float32:
				require.Equal(t, *w, data)
			case *[]float64:
				require.Equal(t, *w, data)
			}
		}
	}
}

// file returns a file of version 1.0.
func file(head string, elements ...byte) string {
	return "\x93NUMPY\x01\x00" + string(rune(len(head))) + "\x00" + head + string(elements)
}

func TestRead(t *testing.T) {
	read := func(s string) ([]int, any, error) { return npy.Read(strings.NewReader(s), int64(len(s))) }
	shape, data, err := read("\x93NUMPY\x02\x00\x39\x00\x00\x00" + "{'shape': (1,), 'fortran_order': False, 'descr': '>f4' }\n" + "\x3f\x80\x00\x00")
	require.NoError(t, err)
	require.Equal(t, []int{1}, shape)
	require.Equal(t, []float32{1}, data)

	for in, want := range map[string]string{
		"":                                     "the file does not start as a .npy file does",
		"PK\x03\x04 not a npy":                 "the file does not start as a .npy file does",
		"\x93NUMPY\x04\x00":                    "the file has version 4 of the format, want 1 to 3",
		"\x93NUMPY\x01\x00\x07":                "the file ends in its header",
		"\x93NUMPY\x02\x00\xff\xff\xff\xffabc": "the header should have 4294967295 bytes, the file has 15",
		file("{}"):                             "the header does not say what its descr is, or not of one array of floats",
		file("{'descr': '<i8', 'fortran_order': False, 'shape': (1,)}"):                    `the elements are of type "<i8", want 'f4' or 'f8'`,
		file("{'descr': '<f4', 'fortran_order': True, 'shape': (1,)}"):                     "fortran_order is True, want False: save numpy.ascontiguousarray of the array",
		file("{'descr': '<f4', 'fortran_order': False, 'shape': (-1,)}"):                   "the header does not say what its shape is, or not of one array of floats",
		file("{'descr': '<f4', 'fortran_order': False, 'shape': (2,)}", 0, 0, 0, 0):        "4 bytes follow the header, an array of shape [2] has 8: the file is truncated or damaged",
		file("{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,)}"): `the shape is (99999999999999999999,): strconv.Atoi: parsing "99999999999999999999": value out of range`,
		file("{'descr': '<f4', 'fortran_order': False, 'shape': (3000000000,3000000000)}"): "the shape is [3000000000 3000000000], want axes of at least 0 and at most 1152921504606846975 elements",
	} {
		_, _, err := read(in)
		require.EqualError(t, err, want)
	}
}

// Whatever the bytes, they are an array that is written as it was read, or an error.
func FuzzRead(f *testing.F) {
	f.Add([]byte(file("{'descr': '<f4', 'fortran_order': False, 'shape': (1,)}", 0, 0, 128, 63)))
	f.Add([]byte(file("{'descr': '>f8', 'fortran_order': False, 'shape': ()}", 0, 0, 0, 0, 0, 0, 0, 1)))
	f.Add([]byte("\x93NUMPY\x03\x00\x01\x00\x00\x00{"))
	f.Fuzz(func(t *testing.T, b []byte) {
		shape, data, err := npy.Read(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			return
		}
		var w bytes.Buffer
		switch d := data.(type) {
		case []float32:
			require.NoError(t, npy.Write(&w, shape, d))
			require.True(t, bytes.HasSuffix(w.Bytes(), b[len(b)-4*len(d):]) || bytes.Contains(b, []byte(">f4")))
		case []float64:
			require.NoError(t, npy.Write(&w, shape, d))
			require.True(t, bytes.HasSuffix(w.Bytes(), b[len(b)-8*len(d):]) || bytes.Contains(b, []byte(">f8")))
		}
	})
}
