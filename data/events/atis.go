package events

import (
	"errors"
	"fmt"
)

func init() {
	register(format{
		name: "bin", title: "N-MNIST and N-Caltech101, of an ATIS",
		extensions: []string{".bin", ".bs2"},
		open: func(r *Reader) (decoder, head, error) {
			return &atis{in: r.in, sum: &r.sum}, head{}, nil
		},
		write: writeBin,
	})
}

// An atis decodes the recordings of N-MNIST and N-Caltech101, which have no head;
// SLAYER's .bs2 are the same. An event has five bytes:
//
//	byte 0     x
//	byte 1     y
//	byte 2     bit 7: ON; bits 6 to 0: the highest of the time
//	bytes 3, 4 the rest of the time, the higher first; 23 bits of µs
//
// What has y = 240 is no event: all times behind it are 2¹³ µs later.
//
// G. Orchard et al., Frontiers in Neuroscience 9 (2015), 437.
type atis struct {
	in   *source
	sum  *Summary
	base int64

	// Nothing at the start tells the format, so the first times have to.
	seen, back int
	last       int64
}

const (
	atisOverflow = 240     // y of what is no event
	atisStep     = 1 << 13 // µs
	atisTimes    = 1 << 23
	atisTrial    = 256 // so many events are looked at
)

func (d *atis) read(dst []Event) (int, error) {
	b, err := d.in.window(5, "an event")
	if err != nil {
		return 0, err
	}
	n, i := 0, 0
	for ; i < len(b) && n < len(dst); i += 5 {
		e := b[i : i+5 : i+5]
		if e[1] == atisOverflow {
			d.base += atisStep
			continue
		}
		t := int64(e[2]&0x7f)<<16 | int64(e[3])<<8 | int64(e[4])
		dst[n] = Event{T: d.base + t, X: uint16(e[0]), Y: uint16(e[1]), On: e[2] >= 0x80}
		n++
	}
	if d.seen < atisTrial {
		if k, err := d.trial(dst[:n]); err != nil {
			return k, err
		}
	}
	d.in.skip(i)
	return n, nil
}

// trial looks at the first events: of bytes that are something else, half of the
// times run backwards. It returns how many there were before that was clear.
func (d *atis) trial(es []Event) (int, error) {
	for i, e := range es[:min(len(es), atisTrial-d.seen)] {
		if d.seen++; e.T < d.last {
			d.back++
		}
		if d.last = e.T; d.seen >= 16 && d.back > d.seen/4 {
			return i, &placed{0, fmt.Errorf("of the first %d times %d are before the one before them: %w", d.seen, d.back, errNotATIS)}
		}
	}
	return len(es), nil
}

var errNotATIS = errors.New("this is no recording of 5 bytes an event")
