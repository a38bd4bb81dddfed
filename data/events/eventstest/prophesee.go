package eventstest

import (
	"github.com/spikegrad/spikegrad/data/events"
)

// EVT2 writes the words of Prophesee's second format.
func EVT2(es []events.Event) []byte {
	b := []byte("% Date 2020-09-14 09:03:25\n% evt 2.0\n% geometry 640x480\n% end\n")
	high := int64(-1)
	for _, e := range es {
		if e.T>>6 != high {
			high = e.T >> 6
			b = le.AppendUint32(b, 8<<28|uint32(high&0xfffffff))
		}
		b = le.AppendUint32(b, uint32(bit(e.On))<<28|uint32(e.T&63)<<22|uint32(e.X)<<11|uint32(e.Y))
	}
	return b
}

// EVT3 writes an event at a time; vectors are in the tests of their own.
func EVT3(es []events.Event) []byte {
	b := []byte("% evt 3.0\n% format EVT3;height=720;width=1280\n% end\n")
	high, low, y := int64(-1), int64(-1), -1
	word := func(kind, v int) { b = le.AppendUint16(b, uint16(kind<<12|v)) }
	for _, e := range es {
		if e.T>>12 != high {
			high = e.T >> 12
			word(8, int(high&0xfff))
		}
		if e.T&0xfff != low {
			low = e.T & 0xfff
			word(6, int(low))
		}
		if int(e.Y) != y {
			y = int(e.Y)
			word(0, y)
		}
		word(2, int(bit(e.On))<<11|int(e.X))
	}
	return b
}

// DAT writes Prophesee's .dat.
func DAT(es []events.Event) []byte {
	b := []byte("% Data file containing Event2d events.\n% Version 2\n% Width 304\n% Height 240\n\x00\x08")
	for _, e := range es {
		b = le.AppendUint32(b, uint32(e.T))
		b = le.AppendUint32(b, uint32(bit(e.On))<<28|uint32(e.Y)<<14|uint32(e.X))
	}
	return b
}
