package events

import (
	"fmt"
	"io"
)

// An apart decodes events whose times, columns, rows and polarities are arrays of
// their own, which are read side by side.
type apart struct {
	cols    [4]*source // t, x, y, p
	left    int64
	columns columns
}

func (d *apart) read(dst []Event) (int, error) {
	if d.left == 0 {
		return 0, io.EOF
	}
	k := int(min(int64(len(dst)), d.left))
	var b [4][]byte
	size := [4]int{d.columns.t.size, d.columns.x.size, d.columns.y.size, d.columns.p.size}
	for i, in := range d.cols {
		var err error
		if b[i], err = in.window(size[i], "an array"); err != nil {
			if err == io.EOF {
				err = fmt.Errorf("the array ends %d elements before its length: %w", d.left, io.ErrUnexpectedEOF)
			}
			return 0, fmt.Errorf("array %s: %w", roles[i], err)
		}
		k = min(k, len(b[i])/size[i])
	}
	n := 0
	for j := range k {
		ok, err := d.columns.event(b[0][j*size[0]:], b[1][j*size[1]:], b[2][j*size[2]:], b[3][j*size[3]:], &dst[n])
		if err != nil {
			return n, fmt.Errorf("event %d before the end: %w", d.left-int64(j), err)
		}
		if ok {
			n++
		}
	}
	for i, in := range d.cols {
		in.skip(k * size[i])
	}
	d.left -= int64(k)
	return n, nil
}
