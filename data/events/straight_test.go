package events_test

import (
	"bytes"

	"github.com/spikegrad/spikegrad/data/events"
)

// Straight-line decoders, a whole file in memory, written from the descriptions and
// apart from the package. They know only what a sound file holds: they leave words
// of other kinds out and stop where a file ends.

// after returns what follows the lines of a file that start with mark.
func after(b []byte, mark byte, last string) []byte {
	for len(b) > 0 && b[0] == mark {
		end := bytes.IndexByte(b, '\n')
		line := b[:end]
		b = b[end+1:]
		if last != "" && bytes.HasPrefix(line, []byte(last)) {
			break
		}
	}
	return b
}

func straightBin(b []byte) (out []events.Event) {
	base := int64(0)
	for i := 0; i+5 <= len(b); i += 5 {
		if b[i+1] == 240 {
			base += 8192
			continue
		}
		t := base + 65536*int64(b[i+2]%128) + 256*int64(b[i+3]) + int64(b[i+4])
		out = append(out, events.Event{T: t, X: uint16(b[i]), Y: uint16(b[i+1]), On: b[i+2]/128 == 1})
	}
	return out
}

func straightEVT2(b []byte) (out []events.Event) {
	b = after(b, '%', "% end")
	loops, high, begun := int64(0), int64(0), false
	for i := 0; i+4 <= len(b); i += 4 {
		w := int64(b[i]) + int64(b[i+1])*256 + int64(b[i+2])*65536 + int64(b[i+3])*16777216
		kind, rest := w/(1<<28), w%(1<<28)
		if kind == 8 {
			if begun && rest < high-1<<27 {
				loops++
			}
			high, begun = rest, true
		}
		if kind <= 1 && begun {
			t := loops<<34 + high*64 + rest/(1<<22)
			out = append(out, events.Event{T: t, X: uint16(rest / 2048 % 2048), Y: uint16(rest % 2048), On: kind == 1})
		}
	}
	return out
}

func straightEVT3(b []byte) (out []events.Event) {
	b = after(b, '%', "% end")
	var loops, high, low int64
	y, x, on, timed, row := 0, 0, false, false, false
	give := func(x int, on bool) {
		if timed && row {
			out = append(out, events.Event{T: loops*16777216 + high*4096 + low, X: uint16(x), Y: uint16(y), On: on})
		}
	}
	for i := 0; i+2 <= len(b); i += 2 {
		w := int(b[i]) + 256*int(b[i+1])
		switch rest := w % 4096; w / 4096 {
		case 0:
			y, row = rest%2048, true
		case 2:
			give(rest%2048, rest >= 2048)
		case 3:
			x, on = rest%2048, rest >= 2048
		case 4, 5:
			wide := 12
			if w/4096 == 5 {
				wide = 8
			}
			for k := range wide {
				if rest>>k%2 == 1 {
					give(x+k, on)
				}
			}
			x += wide
		case 6:
			low = int64(rest)
		case 8:
			if timed && int64(rest) < high-2048 {
				loops++
			}
			high, timed = int64(rest), true
		}
	}
	return out
}

func straightDAT(b []byte) (out []events.Event) {
	b = after(b, '%', "")[2:]
	for ; len(b) >= 8; b = b[8:] {
		v := le.Uint32(b[4:])
		out = append(out, events.Event{T: int64(le.Uint32(b)), X: uint16(v % 16384), Y: uint16(v / 16384 % 16384), On: v/(1<<28) > 0})
	}
	return out
}

func straightES(b []byte) (out []events.Event) {
	t := int64(0)
	for b = b[20:]; len(b) > 0; {
		if b[0] >= 254 {
			if b[0] == 255 {
				t += 127
			}
			b = b[1:]
			continue
		}
		if len(b) < 5 {
			break
		}
		t += int64(b[0] / 2)
		out = append(out, events.Event{T: t, X: uint16(b[1]) + 256*uint16(b[2]), Y: uint16(b[3]) + 256*uint16(b[4]), On: b[0]%2 == 1})
		b = b[5:]
	}
	return out
}

func straightDVS128(b []byte) (out []events.Event) {
	b = after(b, '#', "#End Of ASCII Header")
	for ; len(b) >= 8; b = b[8:] {
		a := be.Uint32(b)
		if a >= 1<<15 {
			continue
		}
		out = append(out, events.Event{T: int64(int32(be.Uint32(b[4:]))), X: 127 - uint16(a/256), Y: 127 - uint16(a/2%128), On: a%2 == 0})
	}
	return out
}
