package events

import (
	"encoding/binary"
	"strings"
)

func init() {
	register(format{
		name: "dat", title: ".dat of Prophesee, as NCARS",
		extensions: []string{".dat"},
		is:         isPercent(func(p percent) bool { return p.data || p.version != "" && p.format == "" }),
		open:       openDAT,
	})
}

// A dat decodes Prophesee's .dat: lines with %, a byte with the kind of event, 0x00
// or 0x0C, one with its size, 8, and then two words of 32 bits an event, the lowest
// byte first: the time in µs, which begins anew after 2³², and
//
//	bits 13 to 0    x
//	bits 27 to 14   y
//	bits 31 to 28   1: ON
//
// This is version 2, which is also meant where no version is given.
type dat struct {
	in    *source
	clock clock
}

const datPeriod = 1 << 32 // µs

func openDAT(r *Reader) (decoder, head, error) {
	p := readPercent(r.in)
	if v := strings.TrimSuffix(p.version, ".0"); v != "" && v != "2" {
		return nil, head{}, &placed{0, errFormat("version 2", p.version)}
	}
	b, err := r.in.take(2, "the kind of events")
	if err != nil {
		return nil, head{}, err
	}
	if b[0] != 0 && b[0] != 0x0c || b[1] != 8 {
		r.in.at -= 2
		return nil, head{}, r.in.errorf("events are of kind 0x%02x and of %d bytes, want kind 0x00 or 0x0c and 8 bytes", b[0], b[1])
	}
	return &dat{in: r.in, clock: clock{period: datPeriod, sum: &r.sum}}, p.head(0, 0), nil
}

func (d *dat) read(dst []Event) (int, error) {
	b, err := d.in.window(8, "an event")
	if err != nil {
		return 0, err
	}
	n, i := 0, 0
	for ; i < len(b) && n < len(dst); i += 8 {
		v := binary.LittleEndian.Uint32(b[i+4:])
		dst[n] = Event{
			T: d.clock.time(int64(binary.LittleEndian.Uint32(b[i:]))),
			X: uint16(v & 0x3fff), Y: uint16(v >> 14 & 0x3fff), On: v>>28 != 0,
		}
		n++
	}
	d.in.skip(i)
	return n, nil
}
