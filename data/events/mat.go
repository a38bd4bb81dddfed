package events

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
)

func init() {
	register(format{
		name: "mat", title: "MATLAB 5 file with ts, x, y, pol (ASL-DVS) or spiketrain (ST-MNIST)",
		extensions: []string{".mat"},
		is:         func(b []byte) bool { return bytes.HasPrefix(b, []byte("MATLAB 5.0 MAT-file")) },
		open:       openMAT,
	})
}

// A variable is a matrix of a MATLAB file, of which the numbers follow in in.
type variable struct {
	name string
	dims []int64
	typ  numeric
	n    int64 // numbers
	in   *source
}

// matTypes are how numbers are stored, by the number of the type in the file.
var matTypes = map[uint32]numeric{
	1: {kind: 'i', size: 1}, 2: {kind: 'u', size: 1}, 3: {kind: 'i', size: 2}, 4: {kind: 'u', size: 2},
	5: {kind: 'i', size: 4}, 6: {kind: 'u', size: 4}, 7: {kind: 'f', size: 4}, 9: {kind: 'f', size: 8},
	12: {kind: 'i', size: 8}, 13: {kind: 'u', size: 8},
}

const (
	matMatrix = 14
	matZlib   = 15
	matHead   = 128 // bytes before the elements
)

// openMAT looks for the variables of a recording: vectors ts, x, y and pol as
// ASL-DVS has, or under the names of other formats, or a matrix spiketrain as
// ST-MNIST has. Times are µs unless Options say otherwise, those of a spiketrain
// s.
func openMAT(r *Reader) (decoder, head, error) {
	at, size, err := r.everywhere()
	if err != nil {
		return nil, head{}, err
	}
	start := make([]byte, matHead)
	if _, err := io.ReadFull(io.NewSectionReader(at, 0, size), start); err != nil {
		return nil, head{}, &placed{0, fmt.Errorf("the header: %w", unexpected(err))}
	}
	if string(start[126:128]) != "IM" || start[125] != 1 {
		return nil, head{}, &placed{124, fmt.Errorf("the version is % x and the order %q, want MATLAB 5 with the lowest byte first: save with -v7 or -v6", start[124:126], start[126:128])}
	}
	var four [4]*variable
	var names []string
	for pos := int64(matHead); pos < size; {
		v, next, err := readVariable(at, pos, size)
		if err != nil {
			return nil, head{}, &placed{pos, err}
		}
		if pos = next; v == nil {
			continue
		}
		if v.name == "spiketrain" {
			return newTaxels(v, r)
		}
		if len(names) < 20 {
			names = append(names, v.name)
		}
		if i, ok := role(v.name); ok {
			if four[i] != nil {
				return nil, head{}, &placed{pos, fmt.Errorf("the variables %.20q and %.20q are both %s", four[i].name, v.name, roles[i])}
			}
			four[i] = v
		}
	}
	d := &apart{columns: columns{unit: r.options.unit(), sum: &r.sum}}
	types := [4]*numeric{&d.columns.t, &d.columns.x, &d.columns.y, &d.columns.p}
	for i, v := range four {
		if v == nil {
			return nil, head{}, fmt.Errorf("the variables are %.80q, and none of them is %s", strings.Join(names, ","), roles[i])
		}
		if i > 0 && v.n != d.left {
			return nil, head{}, fmt.Errorf("variable %.20q has %d elements, and %.20q has %d", v.name, v.n, four[0].name, d.left)
		}
		d.cols[i], d.left, *types[i] = v.in, v.n, v.typ
	}
	r.in = d.cols[0]
	return d, head{}, nil
}

// readVariable reads the head of the element at a position, and returns where the
// next one is. What is no matrix of numbers gives no variable.
func readVariable(at io.ReaderAt, pos, size int64) (*variable, int64, error) {
	var tag [8]byte
	if _, err := io.ReadFull(io.NewSectionReader(at, pos, size-pos), tag[:]); err != nil {
		return nil, 0, fmt.Errorf("an element: %w", unexpected(err))
	}
	typ, n := binary.LittleEndian.Uint32(tag[:]), int64(binary.LittleEndian.Uint32(tag[4:]))
	if typ>>16 != 0 { // a small element
		return nil, pos + 8, nil
	}
	if n > size-pos-8 {
		return nil, 0, fmt.Errorf("an element of %d bytes, and the file has %d more: %w", n, size-pos-8, io.ErrUnexpectedEOF)
	}
	section, next := io.NewSectionReader(at, pos+8, n), pos+8+n
	switch typ {
	case matZlib:
		z, err := zlib.NewReader(section)
		if err != nil {
			return nil, 0, fmt.Errorf("a packed element: %w", unexpected(err))
		}
		in := newSource(z)
		b, err := in.take(8, "a packed element")
		if err != nil {
			return nil, 0, err
		}
		if binary.LittleEndian.Uint32(b) != matMatrix {
			return nil, next, nil
		}
		v, err := matrix(in)
		return v, next, err
	case matMatrix:
		v, err := matrix(newSource(section))
		return v, next + (8-n%8)%8, err
	}
	return nil, next + (8-n%8)%8, nil
}

// element reads the tag of an element inside a matrix.
func element(in *source) (typ uint32, n int64, small bool, err error) {
	b, err := in.take(4, "a matrix")
	if err != nil {
		return 0, 0, false, err
	}
	typ = binary.LittleEndian.Uint32(b)
	if n := typ >> 16; n != 0 {
		if n > 4 {
			return 0, 0, false, in.errorf("a small element has %d bytes, want at most 4", n)
		}
		return typ & 0xffff, int64(n), true, nil
	}
	if b, err = in.take(4, "a matrix"); err != nil {
		return 0, 0, false, err
	}
	return typ, int64(binary.LittleEndian.Uint32(b)), false, nil
}

// part reads a whole element inside a matrix, of at most 1,024 bytes.
func part(in *source, want uint32, what string) ([]byte, error) {
	typ, n, small, err := element(in)
	if err != nil {
		return nil, err
	}
	if typ != want || n > 1024 {
		return nil, in.errorf("%s of a matrix: type %d and %d bytes, want type %d and at most 1024", what, typ, n, want)
	}
	padded := int(n+7) / 8 * 8
	if small {
		padded = 4
	}
	b, err := in.take(padded, what+" of a matrix")
	if err != nil {
		return nil, err
	}
	return bytes.Clone(b[:n]), nil
}

// matrix reads what comes before the numbers of a matrix.
func matrix(in *source) (*variable, error) {
	flags, err := part(in, 6, "the flags")
	if err != nil {
		return nil, err
	}
	dims, err := part(in, 5, "the dimensions")
	if err != nil {
		return nil, err
	}
	name, err := part(in, 1, "the name")
	if err != nil {
		return nil, err
	}
	if len(flags) < 4 || flags[0] < 6 || flags[0] > 15 || flags[1]&8 != 0 {
		return nil, nil // cells, structures, text, sparse and complex matrices
	}
	v := &variable{name: string(name), n: 1, in: in}
	for ; len(dims) >= 4; dims = dims[4:] {
		d := int64(int32(binary.LittleEndian.Uint32(dims)))
		if d < 0 || d > 0 && v.n > 1<<40/d {
			return nil, in.errorf("matrix %.20q: a dimension is %d after %v", v.name, d, v.dims)
		}
		v.dims, v.n = append(v.dims, d), v.n*d
	}
	typ, bytes, _, err := element(in)
	if err != nil {
		return nil, err
	}
	t, ok := matTypes[typ]
	if !ok {
		return nil, in.errorf("matrix %.20q: numbers of type %d, want one of 1 to 7, 9, 12, 13", v.name, typ)
	}
	if v.n*int64(t.size) != bytes {
		return nil, in.errorf("matrix %.20q: %d bytes for %v numbers of %d", v.name, bytes, v.dims, t.size)
	}
	v.typ = t
	return v, nil
}

// A taxels decodes the touches of ST-MNIST: a matrix [101, n], column by column. A
// column is a time in s, in its last row, and 1 or −1 in the rows of those of the
// 100 taxels whose pressure has risen or fallen: row i is x = i mod 10, y = i / 10.
//
// H. H. See et al., ST-MNIST: the spiking tactile MNIST dataset (2020).
type taxels struct {
	in   *source
	sum  *Summary
	typ  numeric
	rows int
	left int64
	next []Event // of a column that have not been given
}

const taxelSide = 10

func newTaxels(v *variable, r *Reader) (decoder, head, error) {
	if len(v.dims) != 2 || v.dims[0] != taxelSide*taxelSide+1 {
		return nil, head{}, fmt.Errorf("matrix %q is %v, want [%d, n]", v.name, v.dims, taxelSide*taxelSide+1)
	}
	r.in = v.in
	d := &taxels{in: v.in, sum: &r.sum, typ: v.typ, rows: int(v.dims[0]), left: v.dims[1], next: make([]Event, 0, taxelSide*taxelSide)}
	return d, head{width: taxelSide, height: taxelSide, geometry: usual, detail: "spiketrain"}, nil
}

func (d *taxels) read(dst []Event) (int, error) {
	if len(d.next) > 0 {
		n := copy(dst, d.next)
		d.next = d.next[:copy(d.next, d.next[n:])]
		return n, nil
	}
	if d.left == 0 {
		return 0, io.EOF
	}
	size := d.typ.size
	col, err := d.in.window(d.rows*size, "a column")
	if err == io.EOF {
		err = errors.New("the matrix ends before its last column")
	}
	if err != nil {
		return 0, err
	}
	t, ok := micros(d.typ.float(col[(d.rows-1)*size:]), 1e9)
	for i := range d.rows - 1 {
		v := d.typ.float(col[i*size:])
		if v == 0 {
			continue
		}
		if !ok || v != v {
			d.sum.Skipped.Invalid++
			continue
		}
		d.next = append(d.next, Event{T: t, X: uint16(i % taxelSide), Y: uint16(i / taxelSide), On: v > 0})
	}
	d.in.skip(d.rows * size)
	d.left--
	return 0, nil
}
