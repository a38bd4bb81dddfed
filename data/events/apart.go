package events

import (
	"fmt"
	"io"
	"math"
	"time"
)

// An apart decodes events whose times, columns, rows and polarities are arrays of
// their own, which are read side by side.
type apart struct {
	cols    [4]*source // t, x, y, p
	left    int64
	columns columns
	run     [4][256]int64 // the numbers of some events
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
	if k = min(k, len(d.run[0])); d.plain(b, k) {
		for j := range k {
			dst[j] = Event{T: d.run[0][j], X: uint16(d.run[1][j]), Y: uint16(d.run[2][j]), On: d.run[3][j] > 0}
		}
		d.pass(k)
		return k, nil
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
	d.pass(k)
	return n, nil
}

// plain reads the numbers of k events and reports whether they are what they are in
// nearly all files: whole ones, and places that are places. Types are asked once for all.
func (d *apart) plain(b [4][]byte, k int) bool {
	if d.columns.unit != time.Microsecond {
		return false
	}
	for i, typ := range [4]numeric{d.columns.t, d.columns.x, d.columns.y, d.columns.p} {
		if !typ.wholes(d.run[i][:k], b[i]) {
			return false
		}
	}
	all := int64(0)
	for j := range k {
		all |= d.run[1][j] | d.run[2][j]
	}
	return uint64(all) <= math.MaxUint16
}

// pass goes on behind k events.
func (d *apart) pass(k int) {
	for i, typ := range [4]numeric{d.columns.t, d.columns.x, d.columns.y, d.columns.p} {
		d.cols[i].skip(k * typ.size)
	}
	d.left -= int64(k)
}
