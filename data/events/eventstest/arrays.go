package eventstest

import (
	"archive/zip"
	"bytes"
	"compress/zlib"
	"fmt"
	"math"

	"github.com/spikegrad/spikegrad/data/events"
)

// NPYFile returns an array with this header.
func NPYFile(descr, shape string, body []byte) []byte {
	head := fmt.Sprintf("{'descr': %s, 'fortran_order': False, 'shape': %s, }\n", descr, shape)
	b := le.AppendUint16([]byte("\x93NUMPY\x01\x00"), uint16(len(head)))
	return append(append(b, head...), body...)
}

// NPY writes an array with fields t, x, y, p.
func NPY(es []events.Event) []byte {
	var b []byte
	for _, e := range es {
		b = le.AppendUint64(b, uint64(e.T))
		b = be.AppendUint16(b, e.X)
		b = le.AppendUint32(b, uint32(e.Y))
		b = append(b, byte(bit(e.On)))
	}
	return NPYFile("[('t', '<i8'), ('x', '>u2'), ('y', '<i4'), ('p', '|b1')]", fmt.Sprintf("(%d,)", len(es)), b)
}

// NPYPadded is as expelliarmus writes.
func NPYPadded(es []events.Event) []byte {
	var b []byte
	for _, e := range es {
		b = le.AppendUint64(b, uint64(e.T))
		b = le.AppendUint16(b, e.X)
		b = le.AppendUint16(b, e.Y)
		b = append(b, byte(bit(e.On)), 7, 7, 7)
	}
	return NPYFile("{'names': ['t','x','y','p'], 'formats': ['<i8','<i2','<i2','u1'], 'offsets': [0,8,10,12], 'itemsize': 16}", fmt.Sprintf("(%d,)", len(es)), b)
}

// ZipOf packs files in the order of their names.
func ZipOf(names []string, files map[string][]byte) []byte {
	var buf bytes.Buffer
	z := zip.NewWriter(&buf)
	for _, name := range names {
		w, _ := z.Create(name) // a buffer takes everything
		_, _ = w.Write(files[name])
	}
	_ = z.Close()
	return buf.Bytes()
}

// NPZ writes an archive of one array.
func NPZ(es []events.Event) []byte {
	return ZipOf([]string{"note.txt", "arr_0.npy"}, map[string][]byte{"note.txt": []byte("hello"), "arr_0.npy": NPY(es)})
}

// NPZApart is as SpikingJelly's cache: four arrays.
func NPZApart(es []events.Event) []byte {
	var t, x, y, p []byte
	for _, e := range es {
		t = le.AppendUint64(t, math.Float64bits(float64(e.T)))
		x = le.AppendUint64(x, uint64(e.X))
		y = le.AppendUint16(y, e.Y)
		p = append(p, byte(int8(2*int(bit(e.On))-1))) // −1 and 1
	}
	shape := fmt.Sprintf("(%d,)", len(es))
	return ZipOf([]string{"t.npy", "x.npy", "y.npy", "p.npy"}, map[string][]byte{
		"t.npy": NPYFile("'<f8'", shape, t), "x.npy": NPYFile("'<i8'", shape, x),
		"y.npy": NPYFile("'<u2'", shape, y), "p.npy": NPYFile("'|i1'", shape, p),
	})
}

// MATStart is how a MATLAB file starts.
const MATStart = "MATLAB 5.0 MAT-file, written by a test"

func matElement(typ uint32, body []byte) []byte {
	b := le.AppendUint32(nil, typ)
	b = append(le.AppendUint32(b, uint32(len(body))), body...)
	for typ != 15 && len(b)%8 != 0 {
		b = append(b, 0)
	}
	return b
}

// MATMatrix returns a matrix of a class, whose numbers are stored by a type.
func MATMatrix(name string, class byte, dims [2]int32, typ uint32, body []byte) []byte {
	flags := le.AppendUint32(nil, uint32(class))
	b := matElement(6, append(flags, 0, 0, 0, 0))
	b = append(b, matElement(5, le.AppendUint32(le.AppendUint32(nil, uint32(dims[0])), uint32(dims[1])))...)
	if len(name) <= 4 { // a small element
		small := le.AppendUint32(nil, uint32(len(name))<<16|1)
		b = append(b, append(append(small, name...), "\x00\x00\x00\x00"[len(name):]...)...)
	} else {
		b = append(b, matElement(1, []byte(name))...)
	}
	return matElement(14, append(b, matElement(typ, body)...))
}

// MATFile writes a file of elements, packed or not.
func MATFile(packed bool, elements ...[]byte) []byte {
	b := append([]byte(MATStart), bytes.Repeat([]byte(" "), 124-len(MATStart))...)
	b = append(b, 0, 1, 'I', 'M')
	for _, e := range elements {
		if packed {
			var buf bytes.Buffer
			z := zlib.NewWriter(&buf)
			_, _ = z.Write(e) // a buffer takes everything
			_ = z.Close()
			e = matElement(15, buf.Bytes())
		}
		b = append(b, e...)
	}
	return b
}

// MAT is as ASL-DVS: four vectors, their numbers stored as small as they are.
func MAT(packed bool) func(es []events.Event) []byte {
	return func(es []events.Event) []byte {
		var t, x, y, p []byte
		for _, e := range es {
			t = le.AppendUint32(t, uint32(e.T))
			x = le.AppendUint16(x, e.X)
			y = le.AppendUint64(y, math.Float64bits(float64(e.Y)))
			p = append(p, byte(bit(e.On)))
		}
		n := [2]int32{int32(len(es)), 1}
		return MATFile(packed,
			MATMatrix("about", 4, [2]int32{1, 2}, 4, []byte{65, 0, 66, 0}),
			MATMatrix("pol", 6, n, 2, p), MATMatrix("ts", 6, n, 5, t), MATMatrix("x", 6, n, 4, x), MATMatrix("y", 6, n, 9, y))
	}
}

// Taxels is as ST-MNIST.
func Taxels(es []events.Event) []byte {
	var b []byte
	for _, e := range es {
		col := make([]float64, 101)
		col[int(e.X)+10*int(e.Y)] = 2*float64(bit(e.On)) - 1
		col[100] = float64(e.T) * 1e-6
		for _, v := range col {
			b = le.AppendUint64(b, math.Float64bits(v))
		}
	}
	return MATFile(true, MATMatrix("spiketrain", 6, [2]int32{101, int32(len(es))}, 9, b))
}
