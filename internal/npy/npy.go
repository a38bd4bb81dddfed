// Package npy reads and writes arrays of floats in NumPy's format, versions 1.0 to
// 3.0: a magic word, the version, the length of a header, the header, and the
// elements. The header is a Python dictionary padded with spaces:
//
//	{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }
//
// R. Kern, NEP 1: A simple file format for NumPy arrays (2007).
package npy

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"regexp"
	"strconv"
	"strings"

	"github.com/spikegrad/spikegrad/internal/describe"
)

const magic = "\x93NUMPY"

// Write writes an array in row-major order. data has as many elements as the
// shape; an error says that it has not, or what w said.
func Write[F float32 | float64](w io.Writer, shape []int, data []F) error {
	n, err := elements(shape)
	if err != nil {
		return err
	}
	if n != len(data) {
		return fmt.Errorf("an array of shape %v has %d elements, want %d", shape, len(data), n)
	}
	descr := "<f8"
	if _, ok := any(data).([]float32); ok {
		descr = "<f4"
	}
	var axes strings.Builder
	for _, d := range shape {
		fmt.Fprintf(&axes, "%d, ", d)
	}
	dims := strings.TrimSuffix(axes.String(), " ") // (2, 3,) and (2,)
	if len(shape) > 1 {
		dims = strings.TrimSuffix(dims, ",")
	}
	head := fmt.Sprintf("{'descr': '%s', 'fortran_order': False, 'shape': (%s), }", descr, dims)
	const before, align = len(magic) + 4, 64
	for (before+len(head)+1)%align != 0 {
		head += " "
	}
	head += "\n"
	if len(head) > math.MaxUint16 {
		return fmt.Errorf("an array has %d axes, more than a header takes", len(shape))
	}
	start := append([]byte(magic), 1, 0)
	start = binary.LittleEndian.AppendUint16(start, uint16(len(head)))
	if _, err := w.Write(append(start, head...)); err != nil {
		return err
	}
	return binary.Write(w, binary.LittleEndian, data)
}

// Read reads an array from r, which has size bytes, and returns its shape and
// its elements in row-major order: []float32 or []float64, as the file has them.
// It takes memory for no more than size, whatever the header says.
func Read(r io.Reader, size int64) (shape []int, data any, err error) {
	head, order, used, err := header(r, size)
	if err != nil {
		return nil, nil, err
	}
	if shape, err = head.axes(); err != nil {
		return nil, nil, err
	}
	n, err := elements(shape)
	if err != nil {
		return nil, nil, err
	}
	want := int64(n) * int64(head.bytes)
	if got := size - used; int64(n) > size || got != want {
		return nil, nil, fmt.Errorf("%d bytes follow the header, an array of shape %v has %d: the file is truncated or damaged", got, describe.Numbers(shape), want)
	}
	if head.bytes == 4 {
		x := make([]float32, n)
		return shape, x, binary.Read(r, order, x)
	}
	x := make([]float64, n)
	return shape, x, binary.Read(r, order, x)
}

// A dict is the header of a file.
type dict struct {
	text  string
	bytes int // of an element
}

// entries are what a header has to say.
var entries = map[string]*regexp.Regexp{
	"descr":         regexp.MustCompile(`'descr'\s*:\s*'([^']*)'`),
	"fortran_order": regexp.MustCompile(`'fortran_order'\s*:\s*(\w+)`),
	"shape":         regexp.MustCompile(`'shape'\s*:\s*\(([\d\s,]*)\)`),
}

// header reads everything before the elements, and says how they are written and
// how many bytes come before them.
func header(r io.Reader, size int64) (d dict, order binary.ByteOrder, used int64, err error) {
	start := make([]byte, len(magic)+2)
	if _, err := io.ReadFull(r, start); err != nil || !bytes.HasPrefix(start, []byte(magic)) {
		return d, nil, 0, errors.New("the file does not start as a .npy file does")
	}
	length := make([]byte, 4)
	switch major := start[len(magic)]; major {
	case 1:
		length = length[:2]
	case 2, 3:
	default:
		return d, nil, 0, fmt.Errorf("the file has version %d of the format, want 1 to 3", major)
	}
	if _, err := io.ReadFull(r, length); err != nil {
		return d, nil, 0, errors.New("the file ends in its header")
	}
	n := int64(binary.LittleEndian.Uint32(append(length, 0, 0)[:4]))
	used = int64(len(start)+len(length)) + n
	if used > size {
		return d, nil, 0, fmt.Errorf("the header should have %d bytes, the file has %d", n, size)
	}
	text := make([]byte, n)
	if _, err := io.ReadFull(r, text); err != nil {
		return d, nil, 0, errors.New("the file ends in its header")
	}
	d.text = string(text)
	descr, err := d.find("descr")
	if err != nil {
		return d, nil, 0, err
	}
	switch descr {
	case "<f4", "<f8":
		order = binary.LittleEndian
	case ">f4", ">f8":
		order = binary.BigEndian
	default:
		return d, nil, 0, fmt.Errorf("the elements are of type %s, want 'f4' or 'f8'", describe.Quote(descr))
	}
	d.bytes = int(descr[2] - '0')
	fortran, err := d.find("fortran_order")
	if err == nil && fortran != "False" {
		err = fmt.Errorf("fortran_order is %s, want False: save numpy.ascontiguousarray of the array", describe.Text(fortran))
	}
	return d, order, used, err
}

// find returns what an entry of the header says.
func (d dict) find(entry string) (string, error) {
	m := entries[entry].FindStringSubmatch(d.text)
	if m == nil {
		return "", fmt.Errorf("the header does not say what its %s is, or not of one array of floats", entry)
	}
	return m[1], nil
}

// axes returns the shape.
func (d dict) axes() ([]int, error) {
	text, err := d.find("shape")
	if err != nil {
		return nil, err
	}
	shape := []int{}
	for s := range strings.SplitSeq(text, ",") {
		if s = strings.TrimSpace(s); s == "" {
			continue
		}
		n, err := strconv.Atoi(s)
		if err != nil {
			return nil, fmt.Errorf("the shape is (%s): %w", describe.Text(text), describe.Short(err))
		}
		shape = append(shape, n)
	}
	return shape, nil
}

// elements returns how many elements an array has.
func elements(shape []int) (int, error) {
	n := 1
	for _, d := range shape {
		const most = math.MaxInt / 8
		if d < 0 || n > most/max(d, 1) {
			return 0, fmt.Errorf("the shape is %v, want axes of at least 0 and at most %d elements", describe.Numbers(shape), most)
		}
		n *= d
	}
	return n, nil
}
