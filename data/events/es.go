package events

import (
	"encoding/binary"
	"fmt"
	"strings"
)

func init() {
	register(format{
		name: "es", title: "Event Stream 2.0",
		extensions: []string{".es"},
		is:         func(b []byte) bool { return strings.HasPrefix(string(b[:min(len(b), 12)]), esMagic) },
		open:       openES,
		write:      writeES,
	})
}

const esMagic = "Event Stream"

// An es decodes Event Stream 2: 12 bytes of name, three of the version, one of the
// kind, and the width and height of the sensor, 16 bits each. An event of a DVS
// (kind 1) has five bytes: the time since the one before, shifted left by one, and
// bit 0 ON; x and y, 16 bits each, the lowest byte first. A first byte of 0xFF is
// 127 µs without an event, and one of 0xFE nothing. Of an ATIS (kind 2) the time is
// shifted left by two, bit 1 is ON, and bit 0 marks a measure of exposure, which is
// passed over; 0xFC + n is n·63 µs without an event.
//
// y grows upwards.
type es struct {
	in   *source
	sum  *Summary
	atis bool
	t    int64
}

func openES(r *Reader) (decoder, head, error) {
	h := head{geometry: stated, bottomUp: true}
	b := r.in.peek(20)
	switch {
	case !strings.HasPrefix(string(b), esMagic):
		return nil, h, &placed{0, fmt.Errorf("the file starts with %s, want the words Event Stream", quoted(b))}
	case len(b) < 16:
		return nil, h, r.in.cut("the header", 16)
	case b[12] != 2:
		return nil, h, &placed{12, fmt.Errorf("the version is %d.%d.%d, want 2", b[12], b[13], b[14])}
	case b[15] != 1 && b[15] != 2:
		kind := map[byte]string{0: "generic", 3: "AMD", 4: "colour"}[b[15]]
		return nil, h, &placed{15, fmt.Errorf("the kind of events is %d %s, want 1 (DVS) or 2 (ATIS)", b[15], kind)}
	case len(b) < 20:
		return nil, h, r.in.cut("the header", 20)
	}
	h.width, h.height = int(binary.LittleEndian.Uint16(b[16:])), int(binary.LittleEndian.Uint16(b[18:]))
	h.detail = map[byte]string{1: "DVS", 2: "ATIS"}[b[15]]
	r.in.skip(20)
	return &es{in: r.in, sum: &r.sum, atis: b[15] == 2}, h, nil
}

func (d *es) read(dst []Event) (int, error) {
	b := d.in.fill(5)
	if len(b) == 0 {
		_, err := d.in.window(5, "an event")
		return 0, err
	}
	n, i := 0, 0
	for i < len(b) && n < len(dst) {
		first := b[i]
		if d.atis && first >= 0xfc {
			d.t += int64(first&3) * 63
			i++
			continue
		}
		if !d.atis && first >= 0xfe {
			d.t += int64(first&1) * 127
			i++
			continue
		}
		if i+5 > len(b) {
			break
		}
		x, y := binary.LittleEndian.Uint16(b[i+1:]), binary.LittleEndian.Uint16(b[i+3:])
		i += 5
		if !d.atis {
			d.t += int64(first >> 1)
			dst[n] = Event{T: d.t, X: x, Y: y, On: first&1 == 1}
			n++
			continue
		}
		d.t += int64(first >> 2)
		if first&1 == 1 {
			d.sum.Skipped.Other++
			continue
		}
		dst[n] = Event{T: d.t, X: x, Y: y, On: first&2 != 0}
		n++
	}
	d.in.skip(i)
	if i == 0 {
		return 0, d.in.cut("an event", 5)
	}
	return n, nil
}
