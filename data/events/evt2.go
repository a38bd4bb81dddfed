package events

import "encoding/binary"

func init() {
	register(format{
		name: "evt2", title: "EVT 2.0 of Prophesee",
		extensions: []string{".raw", ".evt2"},
		is:         isPercent(func(p percent) bool { return p.format == "EVT2" }),
		open: func(r *Reader) (decoder, head, error) {
			p := readPercent(r.in)
			if p.format != "" && p.format != "EVT2" {
				return nil, head{}, &placed{0, errFormat("EVT2", p.format)}
			}
			return &evt2{in: r.in, sum: &r.sum, clock: clock{period: evt2Period, sum: &r.sum}}, p.head(640, 480), nil
		},
		write: writeEVT2,
	})
}

// An evt2 decodes EVT 2.0: words of 32 bits, the lowest byte first, whose four
// highest bits say what the others are:
//
//	0, 1  an event, OFF or ON: bits 27 to 22 are the lowest of the time, bits 21 to 11 x, bits 10 to 0 y
//	8     bits 27 to 0 are the time of what follows, shifted right by 6
//	A     a trigger from outside
//	E, F  something else
//
// The time, 34 bits of µs, begins anew after 4.8 hours. Events before the first
// time are left out.
type evt2 struct {
	in    *source
	sum   *Summary
	clock clock
	high  int64 // the time without its lowest bits
	begun bool
}

const evt2Period = 1 << 34 // µs

func (d *evt2) read(dst []Event) (int, error) {
	b, err := d.in.window(4, "a word")
	if err != nil {
		return 0, err
	}
	n, i := 0, 0
	for ; i < len(b) && n < len(dst); i += 4 {
		w := binary.LittleEndian.Uint32(b[i:])
		switch w >> 28 {
		case 0, 1:
			if !d.begun {
				d.sum.Skipped.Early++
				continue
			}
			dst[n] = Event{T: d.high | int64(w>>22&0x3f), X: uint16(w >> 11 & 0x7ff), Y: uint16(w & 0x7ff), On: w>>28 == 1}
			n++
		case 8:
			d.high, d.begun = d.clock.time(int64(w&0xfffffff)<<6), true
		case 0xa, 0xe, 0xf:
			d.sum.Skipped.Other++
		default:
			d.sum.Skipped.Unknown++
		}
	}
	d.in.skip(i)
	return n, nil
}
