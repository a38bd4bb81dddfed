package events

import (
	"encoding/binary"
	"fmt"
	"math"
	"strings"
	"time"
)

// A numeric is how an array stores a number.
type numeric struct {
	kind byte // i, u, f, or b for a bool
	size int  // bytes
	big  bool // the highest byte first
}

// numericOf returns what a descr of NumPy's says, as "<i8".
func numericOf(descr string) (numeric, error) {
	s := strings.TrimLeft(descr, "<>|=")
	n := numeric{big: strings.HasPrefix(descr, ">")}
	if len(s) == 2 {
		n.kind, n.size = s[0], int(s[1]-'0')
	}
	ok := false
	switch n.kind {
	case 'i', 'u':
		ok = n.size == 1 || n.size == 2 || n.size == 4 || n.size == 8
	case 'f':
		ok = n.size == 4 || n.size == 8
	case 'b':
		ok = n.size == 1
	}
	if !ok {
		return n, fmt.Errorf("the type is %.20q, want i1 to i8, u1 to u8, f4, f8 or b1", descr)
	}
	return n, nil
}

// bits returns the bytes as they are.
func (n numeric) bits(b []byte) uint64 {
	switch {
	case n.size == 1:
		return uint64(b[0])
	case n.size == 2 && n.big:
		return uint64(binary.BigEndian.Uint16(b))
	case n.size == 2:
		return uint64(binary.LittleEndian.Uint16(b))
	case n.size == 4 && n.big:
		return uint64(binary.BigEndian.Uint32(b))
	case n.size == 4:
		return uint64(binary.LittleEndian.Uint32(b))
	case n.big:
		return binary.BigEndian.Uint64(b)
	}
	return binary.LittleEndian.Uint64(b)
}

// float returns the number.
func (n numeric) float(b []byte) float64 {
	switch v := n.bits(b); {
	case n.kind == 'f' && n.size == 4:
		return float64(math.Float32frombits(uint32(v)))
	case n.kind == 'f':
		return math.Float64frombits(v)
	case n.kind == 'i':
		return float64(n.signed(v))
	default:
		return float64(v)
	}
}

func (n numeric) signed(v uint64) int64 {
	shift := 64 - 8*n.size
	return int64(v<<shift) >> shift
}

// whole returns the number if it is a whole one that an int64 holds.
func (n numeric) whole(b []byte) (int64, bool) {
	switch n.kind {
	case 'i':
		return n.signed(n.bits(b)), true
	case 'f':
		f := n.float(b)
		return int64(f), f == math.Trunc(f) && math.Abs(f) < 1<<62
	}
	v := n.bits(b)
	return int64(v), v <= math.MaxInt64
}

// wholes reads len(dst) numbers, as whole does each, and reports whether all are whole.
func (n numeric) wholes(dst []int64, b []byte) bool {
	b = b[:len(dst)*n.size]
	switch {
	case n == numeric{kind: 'f', size: 8}:
		for i := range dst {
			f := math.Float64frombits(binary.LittleEndian.Uint64(b[8*i:]))
			v := int64(f)
			if float64(v) != f || v >= 1<<62 || v <= -1<<62 {
				return false
			}
			dst[i] = v
		}
	case n == numeric{kind: 'i', size: 8}:
		for i := range dst {
			dst[i] = int64(binary.LittleEndian.Uint64(b[8*i:]))
		}
	case n == numeric{kind: 'i', size: 4}:
		for i := range dst {
			dst[i] = int64(int32(binary.LittleEndian.Uint32(b[4*i:])))
		}
	case n == numeric{kind: 'u', size: 2}:
		for i := range dst {
			dst[i] = int64(binary.LittleEndian.Uint16(b[2*i:]))
		}
	case n.size == 1 && n.kind != 'i':
		for i, v := range b {
			dst[i] = int64(v)
		}
	default:
		for i := range dst {
			v, ok := n.whole(b[i*n.size:])
			if !ok {
				return false
			}
			dst[i] = v
		}
	}
	return true
}

// columns make events of the four numbers of each.
type columns struct {
	t, x, y, p numeric
	unit       time.Duration
	sum        *Summary
}

// event makes an event of its numbers. Numbers that are no place are counted and
// give none; an error says that a time is no whole number of µs.
func (c *columns) event(t, x, y, p []byte, e *Event) (ok bool, err error) {
	if c.unit == time.Microsecond {
		if e.T, ok = c.t.whole(t); !ok {
			if f := c.t.float(t); f == f && math.Abs(f) < 1<<62 {
				return false, fmt.Errorf("the time is %v µs, want a whole number: give the unit of the times in Options.Unit", f)
			}
		}
	} else if c.t.kind == 'f' {
		e.T, ok = micros(c.t.float(t), c.unit)
	} else if e.T, ok = c.t.whole(t); ok {
		e.T, ok = scaled(e.T, c.unit)
	}
	xs, okX := c.x.whole(x)
	ys, okY := c.y.whole(y)
	if !ok || !okX || !okY {
		c.sum.Skipped.Invalid++
		return false, nil
	}
	if uint64(xs) > math.MaxUint16 || uint64(ys) > math.MaxUint16 {
		c.sum.Skipped.Outside++
		return false, nil
	}
	e.X, e.Y = uint16(xs), uint16(ys)
	if c.p.kind == 'f' || c.p.kind == 'i' {
		e.On = c.p.float(p) > 0
	} else {
		e.On = c.p.bits(p) != 0
	}
	return true, nil
}

// common reports whether numbers are stored as most programs do: times as i8 in µs,
// places as i2 or u2, polarities as a byte, the lowest byte first.
func (c *columns) common() bool {
	place := func(n numeric) bool { return (n.kind == 'i' || n.kind == 'u') && n.size == 2 && !n.big }
	return c.unit == time.Microsecond && c.t == numeric{kind: 'i', size: 8} && place(c.x) && place(c.y) && c.p.size == 1 && c.p.kind != 'i'
}

// scaled returns a time of so many units in µs, without the rounding of a float64.
func scaled(v int64, unit time.Duration) (int64, bool) {
	if unit%time.Microsecond == 0 {
		k := int64(unit / time.Microsecond)
		return v * k, v <= math.MaxInt64/2/k && v >= math.MinInt64/2/k
	}
	return micros(float64(v), unit)
}

// role returns which of the four numbers of an event a name is of, by the names that
// people use.
func role(name string) (r int, ok bool) {
	switch strings.ToLower(strings.TrimSpace(name)) {
	case "t", "ts", "time", "times", "timestamp", "timestamps":
		return 0, true
	case "x":
		return 1, true
	case "y":
		return 2, true
	case "p", "pol", "polarity", "polarities", "on":
		return 3, true
	}
	return 0, false
}

// roles are the names of the four, for errors.
var roles = [4]string{"t", "x", "y", "p"}

// places returns where the four numbers of an event are among columns of these
// names. What has another name is passed over.
func places(names []string) (at [4]int, err error) {
	at = [4]int{-1, -1, -1, -1}
	for i, name := range names {
		r, ok := role(name)
		if !ok {
			continue
		}
		if at[r] >= 0 {
			return at, fmt.Errorf("the columns %.20q and %.20q are both %s", names[at[r]], name, roles[r])
		}
		at[r] = i
	}
	for r, i := range at {
		if i < 0 {
			return at, fmt.Errorf("the columns are %.80q, and none of them is %s", strings.Join(names, ","), roles[r])
		}
	}
	return at, nil
}

// named returns the names in Options.Columns.
func (o Options) named() []string {
	if o.Columns == "" {
		return nil
	}
	return strings.Split(o.Columns, ",")
}

// unit returns the unit of the times.
func (o Options) unit() time.Duration {
	if o.Unit == 0 {
		return time.Microsecond
	}
	return o.Unit
}
