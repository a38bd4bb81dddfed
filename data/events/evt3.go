package events

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"
)

func init() {
	register(format{
		name: "evt3", title: "EVT 3.0 of Prophesee",
		extensions: []string{".raw", ".evt3"},
		is:         isPercent(func(p percent) bool { return p.format == "EVT3" }),
		open: func(r *Reader) (decoder, head, error) {
			p := readPercent(r.in)
			if p.format != "" && p.format != "EVT3" {
				return nil, head{}, &placed{0, errFormat("EVT3", p.format)}
			}
			return &evt3{in: r.in, sum: &r.sum, clock: clock{period: evt3Period, sum: &r.sum}}, p.head(1280, 720), nil
		},
	})
	register(format{
		name: "evt", title: "other versions of EVT of Prophesee, which are not read",
		is: isPercent(func(p percent) bool { return p.format != "" && p.format != "EVT2" && p.format != "EVT3" }),
		open: func(r *Reader) (decoder, head, error) {
			return nil, head{}, &placed{0, errFormat("EVT2 or EVT3", readPercent(r.in).format)}
		},
	})
}

func errFormat(want, got string) error {
	return fmt.Errorf("the header says %.20q, want %s", got, want)
}

// errInMemory ends a source that is a slice; nothing reads on.
var errInMemory = errors.New("the end of what is in memory")

// An evt3 decodes EVT 3.0: words of 16 bits, the lowest byte first, whose four
// highest bits say what the others are. What a word sets holds for those behind it.
//
//	0     bits 10 to 0: y
//	2     an event: bits 10 to 0 x, bit 11 ON
//	3     bits 10 to 0 x and bit 11 ON of the vectors that follow
//	4, 5  a vector: an event at x + i for every bit i of 12 or 8; and x grows by as many
//	6, 8  the lower and the higher 12 bits of the time
//	A     a trigger from outside
//	7, E, F  something else
//
// The time, 24 bits of µs, begins anew after 16.8 s: where its higher bits fall by
// more than half. Its lower bits fall at every new higher word, and also between
// two, so they say nothing of a new beginning. Events before the first higher word
// and the first y are left out.
type evt3 struct {
	in         *source
	sum        *Summary
	clock      clock
	high, low  int64
	y, x       uint16
	on         bool
	timed, row bool
}

const evt3Period = 1 << 24 // µs

func (d *evt3) read(dst []Event) (int, error) {
	b, err := d.in.window(2, "a word")
	if err != nil {
		return 0, err
	}
	n, i := 0, 0
	t := d.high + d.low
	for ; i < len(b) && n+12 <= len(dst); i += 2 {
		w := binary.LittleEndian.Uint16(b[i:])
		v := w & 0x7ff
		switch w >> 12 {
		case 0x0:
			d.y, d.row = v, true
		case 0x2:
			if !d.timed || !d.row {
				d.sum.Skipped.Early++
				continue
			}
			dst[n] = Event{T: t, X: v, Y: d.y, On: w>>11&1 == 1}
			n++
		case 0x3:
			d.x, d.on = v, w>>11&1 == 1
		case 0x4, 0x5:
			mask, wide := w&0xfff, uint16(12)
			if w>>12 == 5 {
				mask, wide = w&0xff, 8
			}
			if !d.timed || !d.row {
				d.sum.Skipped.Early += int64(bits.OnesCount16(mask))
				mask = 0
			}
			for ; mask != 0; mask &= mask - 1 {
				dst[n] = Event{T: t, X: d.x + uint16(bits.TrailingZeros16(mask)), Y: d.y, On: d.on}
				n++
			}
			d.x = min(d.x+wide, 1<<15) // what goes on for ever stays outside
		case 0x6:
			d.low = int64(w & 0xfff)
			t = d.high + d.low
		case 0x8:
			d.high, d.timed = d.clock.time(int64(w&0xfff)<<12), true
			t = d.high + d.low
		case 0x7, 0xa, 0xe, 0xf:
			d.sum.Skipped.Other++
		default:
			d.sum.Skipped.Unknown++
		}
	}
	d.in.skip(i)
	return n, nil
}
