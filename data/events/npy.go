package events

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
)

func init() {
	register(format{
		name: "npy", title: "NumPy array with fields t, x, y, p",
		extensions: []string{".npy"},
		is:         func(b []byte) bool { return strings.HasPrefix(string(b[:min(len(b), 6)]), npyMagic) },
		open:       openNPY,
		write:      writeNPY,
	})
}

const npyMagic = "\x93NUMPY"

// An array is what the header of a .npy file says.
type array struct {
	rows   int64
	fields []field // one without a name if the array has none
	width  int     // bytes of a row
}

// A field is one of the numbers of a row.
type field struct {
	name string
	typ  numeric
	at   int // bytes from the start of the row
}

// readArray reads the header of a .npy file. The columns of an array [n, k] of
// numbers have the names that it is given.
func readArray(in *source, names []string) (array, error) {
	var a array
	b, err := in.take(10, "the header")
	if err != nil {
		return a, err
	}
	if string(b[:6]) != npyMagic {
		return a, &placed{0, fmt.Errorf("the file starts with %s, want \\x93NUMPY", quoted(b))}
	}
	major, n := b[6], int(binary.LittleEndian.Uint16(b[8:]))
	switch major {
	case 1:
	case 2, 3:
		more, err := in.take(2, "the header")
		if err != nil {
			return a, err
		}
		n |= int(binary.LittleEndian.Uint16(more)) << 16
	default:
		return a, &placed{6, fmt.Errorf("version %d of the format, want 1 to 3", major)}
	}
	if n > room {
		return a, &placed{8, fmt.Errorf("the header has %d bytes, want at most %d", n, room)}
	}
	text, err := in.take(n, "the header")
	if err != nil {
		return a, err
	}
	v, err := parseLiteral(string(text))
	if err == nil {
		err = a.describe(v, names)
	}
	if err != nil {
		return a, &placed{10, err}
	}
	return a, nil
}

// describe takes over what the dictionary of a header says.
func (a *array) describe(header any, names []string) error {
	d, _ := header.(map[string]any)
	axes, ok := d["shape"].([]any)
	fortran, ok2 := d["fortran_order"].(bool)
	if !ok || !ok2 {
		return errors.New("the header gives no shape or no fortran_order")
	}
	var shape []int
	for _, v := range axes {
		n, ok := v.(int)
		if !ok || n < 0 {
			return errors.New("the shape is not one of whole numbers")
		}
		shape = append(shape, n)
	}
	if text, ok := d["descr"].(string); ok {
		return a.plain(text, shape, fortran, names)
	}
	if len(shape) != 1 {
		return fmt.Errorf("the shape is %v, want one axis", shape)
	}
	a.rows = int64(shape[0])
	return a.structured(d["descr"])
}

// plain is of an array of numbers: [n], or [n, k] with names.
func (a *array) plain(descr string, shape []int, fortran bool, names []string) error {
	n, err := numericOf(descr)
	if err != nil {
		return err
	}
	switch {
	case len(shape) == 1:
		a.rows, a.fields, a.width = int64(shape[0]), []field{{typ: n}}, n.size
		return nil
	case len(shape) != 2 || fortran && shape[0] > 1 && shape[1] > 1:
		return fmt.Errorf("an array of shape %v, in the order of Fortran: %v; want [n] with fields, or [n, k] and not", shape, fortran)
	case len(names) == 0:
		return fmt.Errorf("an array of shape %v does not say what its columns are: name them in Options.Columns, as x,y,p,t", shape)
	case len(names) != shape[1]:
		return fmt.Errorf("an array of shape %v, and Options.Columns has %d names, want as many as columns", shape, len(names))
	}
	a.rows, a.width = int64(shape[0]), n.size*shape[1]
	for i, name := range names {
		a.fields = append(a.fields, field{name, n, i * n.size})
	}
	return nil
}

// structured is of an array with fields: a list of pairs, or a dictionary of names,
// formats and offsets.
func (a *array) structured(descr any) error {
	switch d := descr.(type) {
	case []any:
		for _, v := range d {
			pair, _ := v.([]any)
			if len(pair) < 2 {
				return errors.New("a field is no pair of a name and a type")
			}
			name, ok := pair[0].(string)
			text, ok2 := pair[1].(string)
			if !ok || !ok2 || len(pair) > 2 {
				return fmt.Errorf("the field %.20q is not one number", name)
			}
			if err := a.add(name, text, a.width); err != nil {
				return err
			}
		}
		return nil
	case map[string]any:
		names, _ := d["names"].([]any)
		types, _ := d["formats"].([]any)
		offsets, _ := d["offsets"].([]any)
		size, ok := d["itemsize"].(int)
		if len(types) != len(names) || len(offsets) != len(names) || !ok || size < 0 || size > room {
			return errors.New("the names, formats, offsets and itemsize of the fields do not fit together")
		}
		for i := range names {
			name, ok := names[i].(string)
			text, ok2 := types[i].(string)
			at, ok3 := offsets[i].(int)
			if !ok || !ok2 || !ok3 || at < 0 || at > size {
				return errors.New("a field has no name, type or place")
			}
			if err := a.add(name, text, at); err != nil {
				return err
			}
			if a.width > size {
				return fmt.Errorf("the field %.20q ends at byte %d of %d", name, a.width, size)
			}
		}
		a.width = size
		return nil
	}
	return errors.New("the header gives no descr of fields")
}

// add adds a field at a byte of the row. Of those that no event needs only the size
// matters.
func (a *array) add(name, text string, at int) error {
	n, err := numericOf(text)
	if _, wanted := role(name); err != nil && wanted {
		return fmt.Errorf("the field %.20q: %w", name, err)
	}
	if err != nil { // |V3 and the like
		size := 0
		if _, err := fmt.Sscanf(strings.TrimLeft(text, "<>|="), "V%d", &size); err != nil || size < 0 {
			return fmt.Errorf("the field %.20q is of type %.20q, of which the size is not known", name, text)
		}
		n = numeric{kind: 'V', size: size}
	}
	if at+n.size > room {
		return fmt.Errorf("a row has more than %d bytes", room)
	}
	a.fields = append(a.fields, field{name, n, at})
	a.width = max(a.width, at+n.size)
	return nil
}

// A rows decodes the rows of an array with fields.
type rows struct {
	in         *source
	left       int64
	width      int
	columns    columns
	t, x, y, p int // bytes from the start of a row
}

func openNPY(r *Reader) (decoder, head, error) {
	d, err := newRows(r.in, r)
	return d, head{}, err
}

// newRows reads the header of a .npy file with fields.
func newRows(in *source, r *Reader) (*rows, error) {
	a, err := readArray(in, r.options.named())
	if err != nil {
		return nil, err
	}
	if len(a.fields) == 1 {
		return nil, &placed{10, errors.New("an array of single numbers, want one with fields t, x, y, p")}
	}
	var names []string
	for _, f := range a.fields {
		names = append(names, f.name)
	}
	at, err := places(names)
	if err != nil {
		return nil, &placed{10, err}
	}
	t, x, y, p := a.fields[at[0]], a.fields[at[1]], a.fields[at[2]], a.fields[at[3]]
	return &rows{
		in: in, left: a.rows, width: a.width, t: t.at, x: x.at, y: y.at, p: p.at,
		columns: columns{t: t.typ, x: x.typ, y: y.typ, p: p.typ, unit: r.options.unit(), sum: &r.sum},
	}, nil
}

func (d *rows) read(dst []Event) (int, error) {
	if d.left == 0 {
		if len(d.in.fill(1)) > 0 {
			return 0, d.in.errorf("the file goes on after the rows that its header announces")
		}
		if d.in.err != io.EOF {
			return 0, &placed{d.in.at, d.in.err}
		}
		return 0, io.EOF
	}
	b, err := d.in.window(d.width, "a row")
	if err == io.EOF {
		return 0, d.in.errorf("the file ends, and the header announces %d more rows: %w", d.left, io.ErrUnexpectedEOF)
	}
	if err != nil {
		return 0, err
	}
	k := int(min(int64(len(dst)), int64(len(b)/d.width), d.left))
	if d.columns.common() {
		n := d.common(dst, b[:k*d.width])
		d.in.skip(k * d.width)
		d.left -= int64(k)
		return n, nil
	}
	n, i := 0, 0
	for range k {
		row := b[i : i+d.width]
		ok, err := d.columns.event(row[d.t:], row[d.x:], row[d.y:], row[d.p:], &dst[n])
		if err != nil {
			d.in.skip(i)
			return n, &placed{d.in.at, err}
		}
		if ok {
			n++
		}
		i += d.width
	}
	d.in.skip(i)
	d.left -= int64(k)
	return n, nil
}

// common is read for columns.common, at twice the speed.
func (d *rows) common(dst []Event, b []byte) (n int) {
	largest := func(c numeric) uint16 {
		if c.kind == 'i' {
			return math.MaxInt16
		}
		return math.MaxUint16
	}
	maxX, maxY := largest(d.columns.x), largest(d.columns.y)
	for ; len(b) > 0; b = b[d.width:] {
		x, y := binary.LittleEndian.Uint16(b[d.x:]), binary.LittleEndian.Uint16(b[d.y:])
		if x > maxX || y > maxY { // below 0
			d.columns.sum.Skipped.Outside++
			continue
		}
		dst[n] = Event{T: int64(binary.LittleEndian.Uint64(b[d.t:])), X: x, Y: y, On: b[d.p] != 0}
		n++
	}
	return n
}
