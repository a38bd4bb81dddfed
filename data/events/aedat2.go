package events

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"
)

func init() {
	register(format{
		name: "aedat2", title: "AEDAT 2.0 of jAER",
		extensions: []string{".aedat", ".dat2"},
		is:         func(b []byte) bool { return bytes.HasPrefix(b, []byte("#!AER-DAT2.0")) },
		open:       openAEDAT2,
	})
}

// A chip is the size of a sensor, and how jAER packs an address of it.
type chip struct {
	width, height int
	davis         bool
}

// cameras are those whose events this package knows.
var cameras = map[string]chip{
	"DVS128":   {128, 128, false},
	"DAVIS240": {240, 180, true},
	"DAVIS346": {346, 260, true},
}

// cameraIn returns which of the cameras a text names.
func cameraIn(text string) (name string, ok bool) {
	text = strings.ToUpper(text)
	for name := range cameras {
		if strings.Contains(text, name) {
			return name, true
		}
	}
	return "", false
}

// An aedat2 decodes AEDAT 2.0: lines of text that start with #, and then eight
// bytes an event, an address and a time, 32 bits each, the highest byte first. A
// DVS128 has in its address
//
//	bit 0           0: ON
//	bits 1 to 7     A, and x = 127 − A in the views of jAER
//	bits 8 to 14    B
//	bit 15          something else than an event
//
// and is given as papers on CIFAR10-DVS have it: x = 127 − B, y = 127 − A. With
// Options.Raw that is x = B, y = A, ON where bit 0 is 1. A DAVIS has
//
//	bit 10          an external event
//	bit 11          1: ON
//	bits 12 to 21   W − 1 − x
//	bits 22 to 30   H − 1 − y
//	bit 31          a sample of a frame or of the inertial sensor
//
// and with Options.Raw neither is mirrored. The time is a signed number of µs
// that begins anew at 2³¹ or 2³².
type aedat2 struct {
	in        *source
	sum       *Summary
	cam       chip
	raw       bool
	base      int64
	last      int64
	hasBefore bool
}

func openAEDAT2(r *Reader) (decoder, head, error) {
	h := head{geometry: camera}
	name, model := "", ""
	first := true
	r.in.lines('#', func(line string) bool {
		if first && !strings.HasPrefix(line, "#!AER-DAT2") {
			return false
		}
		first = false
		for _, key := range []string{"AEChip:", "HardwareInterface:"} {
			if _, after, ok := strings.Cut(line, key); ok && name == "" {
				name, _ = cameraIn(after)
				if key == "AEChip:" {
					model = strings.TrimSpace(after)
				}
			}
		}
		return !strings.HasPrefix(line, "#End Of ASCII Header")
	})
	if first {
		return nil, h, &placed{0, fmt.Errorf("the file starts with %s, want #!AER-DAT2.0", quoted(r.in.peek(8)))}
	}
	switch {
	case r.options.Camera != "":
		name, h.geometry = r.options.Camera, given
	case name == "" && model != "":
		return nil, h, r.in.errorf("the camera is %.60q, want a DVS128, DAVIS240 or DAVIS346: name one in Options.Camera", model)
	case name == "": // files before there was another one
		name, h.geometry = "DVS128", usual
	}
	cam, ok := cameras[name]
	if !ok {
		return nil, h, fmt.Errorf("options: the camera is %.60q, want DVS128, DAVIS240 or DAVIS346", name)
	}
	h.width, h.height, h.detail = cam.width, cam.height, name
	return &aedat2{in: r.in, sum: &r.sum, cam: cam, raw: r.options.Raw}, h, nil
}

// time makes the time go on where its counter begins anew.
func (d *aedat2) time(v int32) int64 {
	t := int64(v)
	if fall := d.last - t; d.hasBefore && fall > 1<<30 {
		d.sum.Wraps++
		if d.base += 1 << 31; fall > 3<<30 {
			d.base += 1 << 31
		}
	}
	d.last, d.hasBefore = t, true
	return d.base + t
}

func (d *aedat2) read(dst []Event) (int, error) {
	b, err := d.in.window(8, "an event")
	if err != nil {
		return 0, err
	}
	n, i := 0, 0
	for ; i < len(b) && n < len(dst); i += 8 {
		a := binary.BigEndian.Uint32(b[i:])
		t := int32(binary.BigEndian.Uint32(b[i+4:]))
		if d.cam.davis {
			if a&(1<<31|1<<10) != 0 {
				d.sum.Skipped.Other++
				continue
			}
			x, y := uint16(a>>12&0x3ff), uint16(a>>22&0x1ff)
			if !d.raw { // what is outside of the sensor becomes a large number
				x, y = uint16(d.cam.width-1)-x, uint16(d.cam.height-1)-y
			}
			dst[n] = Event{T: d.time(t), X: x, Y: y, On: a>>11&1 == 1}
			n++
			continue
		}
		switch {
		case a > 0xffff:
			d.sum.Skipped.Unknown++
			continue
		case a>>15 == 1:
			d.sum.Skipped.Other++
			continue
		}
		e := Event{T: d.time(t), X: uint16(a >> 8 & 0x7f), Y: uint16(a >> 1 & 0x7f), On: a&1 == 1}
		if !d.raw {
			e.X, e.Y, e.On = 127-e.X, 127-e.Y, !e.On
		}
		dst[n] = e
		n++
	}
	d.in.skip(i)
	return n, nil
}
