package events

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"strings"
)

func init() {
	register(format{
		name: "aedat3", title: "AEDAT 3.1 of cAER",
		extensions: []string{".aedat", ".aedat31"},
		is:         func(b []byte) bool { return bytes.HasPrefix(b, []byte("#!AER-DAT3.")) },
		open:       openAEDAT3,
	})
}

// An aedat3 decodes AEDAT 3.1: lines of text up to #!END-HEADER, and then packets
// of events of one kind. A packet has 28 bytes in front, the lowest byte first,
//
//	0   u16  kind: 1 is a change of brightness
//	2   u16  source
//	4   u32  bytes of an event
//	8   u32  at which of these its time is
//	12  u32  how often the time began anew, after 2³¹ µs
//	16  u32  events for which there is room
//	20  u32  events that are there
//	24  u32  of these, those that are valid
//
// and an event eight: u32 with bit 0 valid, bit 1 ON, bits 2 to 16 y, bits 17 to
// 31 x; and the time, i32. Packets of other kinds are passed over.
type aedat3 struct {
	in       *source
	sum      *Summary
	overflow int64 // added to the times of the packet
	events   int64 // of the packet that have not been read
	rest     int64 // bytes behind these
}

func openAEDAT3(r *Reader) (decoder, head, error) {
	h := head{geometry: camera}
	ended, first := false, true
	var version string
	r.in.lines('#', func(line string) bool {
		if first {
			version = line
		}
		first = false
		if strings.HasPrefix(line, "#Source ") {
			if name, ok := cameraIn(line); ok && h.detail == "" {
				h.width, h.height, h.detail = cameras[name].width, cameras[name].height, name
			}
		}
		ended = strings.HasPrefix(line, "#!END-HEADER")
		return !ended && strings.HasPrefix(version, "#!AER-DAT3.1")
	})
	switch {
	case !strings.HasPrefix(version, "#!AER-DAT3."):
		return nil, h, &placed{0, fmt.Errorf("the file starts with %s, want #!AER-DAT3.1", quoted(r.in.peek(8)))}
	case !strings.HasPrefix(version, "#!AER-DAT3.1"):
		return nil, h, &placed{0, fmt.Errorf("the version is %.20q, want 3.1", version)}
	case !ended:
		return nil, h, r.in.errorf("the header does not end with #!END-HEADER")
	}
	return &aedat3{in: r.in, sum: &r.sum}, h, nil
}

// packet reads the head of the next packet of changes of brightness.
func (d *aedat3) packet() error {
	for {
		if err := d.in.discard(d.rest, "a packet"); err != nil {
			return err
		}
		d.rest = 0
		b, err := d.in.window(28, "the head of a packet")
		if err != nil {
			return err
		}
		kind, u32 := binary.LittleEndian.Uint16(b), func(at int) int64 { return int64(binary.LittleEndian.Uint32(b[at:])) }
		size, offset, overflow, capacity, number := u32(4), u32(8), u32(12), u32(16), u32(20)
		switch {
		case number > capacity:
			return d.in.errorf("a packet has %d events and room for %d", number, capacity)
		case kind == 1 && (size != 8 || offset != 4):
			return d.in.errorf("events have %d bytes, with the time at byte %d, want 8 and 4", size, offset)
		case size > 1<<28:
			return d.in.errorf("events of kind %d have %d bytes, want at most 2²⁸", kind, size)
		}
		d.in.skip(28)
		if kind == 1 {
			d.events, d.rest, d.overflow = number, (capacity-number)*size, overflow<<31
			return nil
		}
		d.sum.Skipped.Other += number
		d.rest = capacity * size // below 2⁶⁰
	}
}

func (d *aedat3) read(dst []Event) (int, error) {
	for d.events == 0 {
		if err := d.packet(); err != nil {
			return 0, err
		}
	}
	b, err := d.in.window(8, "a packet")
	if err == io.EOF {
		err = d.in.cut("a packet", int(min(8*d.events, 1<<30)))
	}
	if err != nil {
		return 0, err
	}
	n, i := 0, 0
	for end := int(min(int64(len(b)), 8*d.events)); i < end && n < len(dst); i += 8 {
		v := binary.LittleEndian.Uint32(b[i:])
		if v&1 == 0 {
			d.sum.Skipped.Invalid++
			continue
		}
		t := int64(int32(binary.LittleEndian.Uint32(b[i+4:])))
		dst[n] = Event{T: d.overflow + t, X: uint16(v >> 17), Y: uint16(v >> 2 & 0x7fff), On: v>>1&1 == 1}
		n++
	}
	d.in.skip(i)
	d.events -= int64(i / 8)
	return n, nil
}
