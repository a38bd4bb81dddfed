package eventstest

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"

	"github.com/spikegrad/spikegrad/data/events"
)

// AEDAT2 writes events of a DVS128 or a DAVIS240, as the name of the chip says.
func AEDAT2(chip string) func(es []events.Event) []byte {
	return func(es []events.Event) []byte {
		b := []byte("#!AER-DAT2.0\r\n# This is a raw AE data file - do not edit\r\n# AEChip: " + chip + "\r\n")
		for _, e := range es {
			a := uint32(127-e.X)<<8 | uint32(127-e.Y)<<1 | uint32(1-bit(e.On))
			if strings.Contains(chip, "Davis240") {
				a = uint32(179-e.Y)<<22 | uint32(239-e.X)<<12 | uint32(bit(e.On))<<11
			}
			b = be.AppendUint32(b, a)
			b = be.AppendUint32(b, uint32(e.T))
		}
		return b
	}
}

// AEDAT3Packet appends a packet of events with room for so many.
func AEDAT3Packet(b []byte, kind uint16, overflow uint32, capacity int, es []events.Event) []byte {
	b = le.AppendUint16(b, kind)
	b = le.AppendUint16(b, 1)
	for _, v := range []uint32{8, 4, overflow, uint32(capacity), uint32(len(es)), uint32(len(es))} {
		b = le.AppendUint32(b, v)
	}
	for _, e := range es {
		b = le.AppendUint32(b, 1|uint32(bit(e.On))<<1|uint32(e.Y)<<2|uint32(e.X)<<17)
		b = le.AppendUint32(b, uint32(e.T&0x7fffffff))
	}
	return append(b, make([]byte, 8*(capacity-len(es)))...)
}

// AEDAT3Head is the header of an AEDAT 3.1 file.
const AEDAT3Head = "#!AER-DAT3.1\r\n#Format: RAW\r\n#Source 1: DVS128\r\n#Start-Time: 2016-01-01 00:00:00 (TZ+0100)\r\n#!END-HEADER\r\n"

// AEDAT3 writes packets of seven events with room for nine, and others between.
func AEDAT3(es []events.Event) []byte {
	b := []byte(AEDAT3Head)
	for len(es) > 0 {
		k := 1
		for k < min(7, len(es)) && es[k].T>>31 == es[0].T>>31 {
			k++
		}
		b = AEDAT3Packet(b, 0, 0, 1, nil)
		b = AEDAT3Packet(b, 1, uint32(es[0].T>>31), k+2, es[:k])
		es = es[k:]
	}
	return b
}

// FlatEvents returns a packet of events as a flatbuffer with its size in front.
func FlatEvents(es []events.Event) []byte {
	b := le.AppendUint32(nil, uint32(32+16*len(es)))
	b = le.AppendUint32(b, 16) // where the table is
	b = append(b, "EVTS"...)
	for _, v := range []uint16{6, 8, 4, 0} { // the sizes of vtable and table, field 0
		b = le.AppendUint16(b, v)
	}
	b = le.AppendUint32(b, 8) // back to the vtable
	b = le.AppendUint32(b, 8) // on to the vector
	b = le.AppendUint32(b, 0)
	b = le.AppendUint32(b, uint32(len(es)))
	for _, e := range es {
		b = le.AppendUint64(b, uint64(e.T))
		b = le.AppendUint16(b, e.X)
		b = le.AppendUint16(b, e.Y)
		b = append(b, byte(bit(e.On)), 0, 0, 0)
	}
	return b
}

// DVXML is what the header of an AEDAT 4 file says of its streams, but for the size of the sensor.
const DVXML = `<dv version="2.0"><node name="outInfo" path="/o/">
<node name="4"><attr key="typeIdentifier">IMUS</attr></node>
<node name="7"><attr key="typeIdentifier">EVTS</attr><node name="info"><attr key="sizeX" type="int">%d</attr><attr key="sizeY">%d</attr></node></node>
</node></dv>`

// AEDAT4Start returns what is in front of the packets.
func AEDAT4Start(packing int32, table int64, xml string) []byte {
	b := le.AppendUint32(nil, 20) // where the table is
	b = append(b, "IOHE"...)
	for _, v := range []uint16{10, 20, 4, 8, 16, 0} {
		b = le.AppendUint16(b, v)
	}
	b = le.AppendUint32(b, 12) // back to the vtable
	b = le.AppendUint32(b, uint32(packing))
	b = le.AppendUint64(b, uint64(table))
	b = le.AppendUint32(b, 4) // on to the string
	b = le.AppendUint32(b, uint32(len(xml)))
	b = append(append(b, xml...), 0)
	out := []byte("#!AER-DAT4.0\r\n")
	return append(le.AppendUint32(out, uint32(len(b))), b...)
}

// AEDAT4Packet appends a packet of a stream.
func AEDAT4Packet(b []byte, stream int32, body []byte) []byte {
	b = le.AppendUint32(b, uint32(stream))
	return append(le.AppendUint32(b, uint32(len(body))), body...)
}

// PackLZ4 packs what is in a packet.
func PackLZ4(b []byte) []byte {
	var buf bytes.Buffer
	z := lz4.NewWriter(&buf)
	_, _ = z.Write(b) // a buffer takes everything
	_ = z.Close()
	return buf.Bytes()
}

// PackZSTD packs what is in a packet.
func PackZSTD(b []byte) []byte {
	z, _ := zstd.NewWriter(nil)
	defer z.Close()
	return z.EncodeAll(b, nil)
}

// AEDAT4 writes packets of 50 events, or 128 of more if there are many, others between, and a table behind.
func AEDAT4(packing int32, pack func([]byte) []byte, table bool) func(es []events.Event) []byte {
	return func(es []events.Event) []byte {
		xml := fmt.Sprintf(DVXML, 346, 260)
		var b []byte
		for of := max(50, len(es)/128); len(es) > 0; {
			k := min(of, len(es))
			b = AEDAT4Packet(b, 4, []byte("no events"))
			b = AEDAT4Packet(b, 7, pack(FlatEvents(es[:k])))
			es = es[k:]
		}
		end := int64(-1)
		if table {
			end = int64(len(AEDAT4Start(packing, 0, xml)) + len(b))
			b = append(b, "the table of the packets"...)
		}
		return append(AEDAT4Start(packing, end, xml), b...)
	}
}
