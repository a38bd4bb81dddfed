// Package eventstest writes small recordings of every format for tests: straight-line
// encoders, written from the descriptions of the formats and apart from the readers.
package eventstest

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"fmt"
	"math/rand/v2"

	"github.com/spikegrad/spikegrad/data/events"
)

var (
	le = binary.LittleEndian
	be = binary.BigEndian
)

// Some returns n events of a w × h sensor, in order, the first at time t.
func Some(n int, w, h int, t int64) []events.Event {
	r := rand.New(rand.NewPCG(uint64(n), uint64(w*h)))
	out := make([]events.Event, n)
	for i := range out {
		t += int64(r.IntN(90))
		out[i] = events.Event{T: t, X: uint16(r.IntN(w)), Y: uint16(r.IntN(h)), On: r.IntN(2) == 1}
	}
	return out
}

// bit is 1 for ON.
func bit(on bool) uint64 {
	if on {
		return 1
	}
	return 0
}

// Bin writes the format of N-MNIST.
func Bin(es []events.Event) (b []byte) {
	for _, e := range es {
		v := bit(e.On)<<23 | uint64(e.T)
		b = append(b, byte(e.X), byte(e.Y), byte(v>>16), byte(v>>8), byte(v))
	}
	return b
}

// ES writes Event Stream of a kind: 1 DVS, 2 ATIS.
func ES(kind byte) func(es []events.Event) []byte {
	return func(es []events.Event) []byte {
		b := append([]byte("Event Stream\x02\x00\x00"), kind)
		b = le.AppendUint16(le.AppendUint16(b, 320), 240)
		t := int64(0)
		for _, e := range es {
			most, over, shift := int64(127), byte(0xff), 1
			if kind == 2 {
				most, over, shift = 63, 0xfd, 2
			}
			for ; e.T-t >= most; t += most {
				b = append(b, over)
			}
			b = append(b, byte(e.T-t)<<shift|byte(bit(e.On))<<(shift-1))
			b = le.AppendUint16(le.AppendUint16(b, e.X), e.Y)
			t = e.T
		}
		return b
	}
}

// CSV writes a line for each event.
func CSV(es []events.Event) []byte {
	b := []byte("# a comment\nx,y,polarity,timestamp,more\r\n")
	for _, e := range es {
		b = fmt.Appendf(b, "%d,%d,%d,%d,0.5\r\n", e.X, e.Y, bit(e.On), e.T)
	}
	return b
}

// Gzipped packs what an encoder writes.
func Gzipped(encode func([]events.Event) []byte) func([]events.Event) []byte {
	return func(es []events.Event) []byte {
		var buf bytes.Buffer
		z := gzip.NewWriter(&buf)
		_, _ = z.Write(encode(es)) // a buffer takes everything
		_ = z.Close()
		return buf.Bytes()
	}
}
