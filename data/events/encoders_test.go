package events_test

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"

	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"

	"github.com/spikegrad/spikegrad/data/events"
)

// Straight-line encoders of every format, written from its description and apart
// from the package.

var (
	le = binary.LittleEndian
	be = binary.BigEndian
)

// some returns n events of a w × h sensor, in order, the first at time t.
func some(n int, w, h int, t int64) []events.Event {
	r := rand.New(rand.NewPCG(uint64(n), uint64(w*h)))
	out := make([]events.Event, n)
	for i := range out {
		t += int64(r.IntN(90))
		out[i] = events.Event{T: t, X: uint16(r.IntN(w)), Y: uint16(r.IntN(h)), On: r.IntN(2) == 1}
	}
	return out
}

func bit(on bool) uint64 {
	if on {
		return 1
	}
	return 0
}

func encodeBin(es []events.Event) (b []byte) {
	for _, e := range es {
		v := bit(e.On)<<23 | uint64(e.T)
		b = append(b, byte(e.X), byte(e.Y), byte(v>>16), byte(v>>8), byte(v))
	}
	return b
}

func encodeAEDAT2(chip string) func(es []events.Event) []byte {
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

func aedat3Packet(b []byte, kind uint16, overflow uint32, capacity int, es []events.Event) []byte {
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

const aedat3Head = "#!AER-DAT3.1\r\n#Format: RAW\r\n#Source 1: DVS128\r\n#Start-Time: 2016-01-01 00:00:00 (TZ+0100)\r\n#!END-HEADER\r\n"

// encodeAEDAT3 writes packets of seven events with room for nine, and others between.
func encodeAEDAT3(es []events.Event) []byte {
	b := []byte(aedat3Head)
	for len(es) > 0 {
		k := 1
		for k < min(7, len(es)) && es[k].T>>31 == es[0].T>>31 {
			k++
		}
		b = aedat3Packet(b, 0, 0, 1, nil)
		b = aedat3Packet(b, 1, uint32(es[0].T>>31), k+2, es[:k])
		es = es[k:]
	}
	return b
}

// flatEvents returns a packet of events as a flatbuffer with its size in front.
func flatEvents(es []events.Event) []byte {
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

const dvXML = `<dv version="2.0"><node name="outInfo" path="/o/">
<node name="4"><attr key="typeIdentifier">IMUS</attr></node>
<node name="7"><attr key="typeIdentifier">EVTS</attr><node name="info"><attr key="sizeX" type="int">%d</attr><attr key="sizeY">%d</attr></node></node>
</node></dv>`

// aedat4Start returns what is in front of the packets.
func aedat4Start(packing int32, table int64, xml string) []byte {
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

func aedat4Packet(b []byte, stream int32, body []byte) []byte {
	b = le.AppendUint32(b, uint32(stream))
	return append(le.AppendUint32(b, uint32(len(body))), body...)
}

func packLZ4(b []byte) []byte {
	var buf bytes.Buffer
	z := lz4.NewWriter(&buf)
	_, _ = z.Write(b) // a buffer takes everything
	_ = z.Close()
	return buf.Bytes()
}

func packZSTD(b []byte) []byte {
	z, _ := zstd.NewWriter(nil)
	defer z.Close()
	return z.EncodeAll(b, nil)
}

// encodeAEDAT4 writes packets of 50 events, others between, and a table behind.
func encodeAEDAT4(packing int32, pack func([]byte) []byte, table bool) func(es []events.Event) []byte {
	return func(es []events.Event) []byte {
		xml := fmt.Sprintf(dvXML, 346, 260)
		var b []byte
		for len(es) > 0 {
			k := min(50, len(es))
			b = aedat4Packet(b, 4, []byte("no events"))
			b = aedat4Packet(b, 7, pack(flatEvents(es[:k])))
			es = es[k:]
		}
		end := int64(-1)
		if table {
			end = int64(len(aedat4Start(packing, 0, xml)) + len(b))
			b = append(b, "the table of the packets"...)
		}
		return append(aedat4Start(packing, end, xml), b...)
	}
}

func encodeEVT2(es []events.Event) []byte {
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

// encodeEVT3 writes an event at a time; vectors are in the tests of their own.
func encodeEVT3(es []events.Event) []byte {
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

func encodeDAT(es []events.Event) []byte {
	b := []byte("% Data file containing Event2d events.\n% Version 2\n% Width 304\n% Height 240\n\x00\x08")
	for _, e := range es {
		b = le.AppendUint32(b, uint32(e.T))
		b = le.AppendUint32(b, uint32(bit(e.On))<<28|uint32(e.Y)<<14|uint32(e.X))
	}
	return b
}

func encodeES(kind byte) func(es []events.Event) []byte {
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

// npyFile returns an array with this header.
func npyFile(descr, shape string, body []byte) []byte {
	head := fmt.Sprintf("{'descr': %s, 'fortran_order': False, 'shape': %s, }\n", descr, shape)
	b := le.AppendUint16([]byte("\x93NUMPY\x01\x00"), uint16(len(head)))
	return append(append(b, head...), body...)
}

func encodeNPY(es []events.Event) []byte {
	var b []byte
	for _, e := range es {
		b = le.AppendUint64(b, uint64(e.T))
		b = be.AppendUint16(b, e.X)
		b = le.AppendUint32(b, uint32(e.Y))
		b = append(b, byte(bit(e.On)))
	}
	return npyFile("[('t', '<i8'), ('x', '>u2'), ('y', '<i4'), ('p', '|b1')]", fmt.Sprintf("(%d,)", len(es)), b)
}

// encodePadded is as expelliarmus writes.
func encodePadded(es []events.Event) []byte {
	var b []byte
	for _, e := range es {
		b = le.AppendUint64(b, uint64(e.T))
		b = le.AppendUint16(b, e.X)
		b = le.AppendUint16(b, e.Y)
		b = append(b, byte(bit(e.On)), 7, 7, 7)
	}
	return npyFile("{'names': ['t','x','y','p'], 'formats': ['<i8','<i2','<i2','u1'], 'offsets': [0,8,10,12], 'itemsize': 16}", fmt.Sprintf("(%d,)", len(es)), b)
}

func zipOf(names []string, files map[string][]byte) []byte {
	var buf bytes.Buffer
	z := zip.NewWriter(&buf)
	for _, name := range names {
		w, _ := z.Create(name) // a buffer takes everything
		_, _ = w.Write(files[name])
	}
	_ = z.Close()
	return buf.Bytes()
}

func encodeNPZ(es []events.Event) []byte {
	return zipOf([]string{"note.txt", "arr_0.npy"}, map[string][]byte{"note.txt": []byte("hello"), "arr_0.npy": encodeNPY(es)})
}

// encodeApart is as SpikingJelly's cache: four arrays.
func encodeApart(es []events.Event) []byte {
	var t, x, y, p []byte
	for _, e := range es {
		t = le.AppendUint64(t, math.Float64bits(float64(e.T)))
		x = le.AppendUint64(x, uint64(e.X))
		y = le.AppendUint16(y, e.Y)
		p = append(p, byte(int8(2*int(bit(e.On))-1))) // −1 and 1
	}
	shape := fmt.Sprintf("(%d,)", len(es))
	return zipOf([]string{"t.npy", "x.npy", "y.npy", "p.npy"}, map[string][]byte{
		"t.npy": npyFile("'<f8'", shape, t), "x.npy": npyFile("'<i8'", shape, x),
		"y.npy": npyFile("'<u2'", shape, y), "p.npy": npyFile("'|i1'", shape, p),
	})
}

const matStart = "MATLAB 5.0 MAT-file, written by a test"

func matElement(typ uint32, body []byte) []byte {
	b := le.AppendUint32(nil, typ)
	b = append(le.AppendUint32(b, uint32(len(body))), body...)
	for typ != 15 && len(b)%8 != 0 {
		b = append(b, 0)
	}
	return b
}

func matMatrix(name string, class byte, dims [2]int32, typ uint32, body []byte) []byte {
	flags := le.AppendUint32(nil, uint32(class))
	b := matElement(6, append(flags, 0, 0, 0, 0))
	b = append(b, matElement(5, le.AppendUint32(le.AppendUint32(nil, uint32(dims[0])), uint32(dims[1])))...)
	if len(name) <= 4 { // a small element
		small := le.AppendUint32(nil, uint32(len(name))<<16|1)
		b = append(b, append(append(small, name...), "\x00\x00\x00\x00"[len(name):]...)...)
	} else {
		b = append(b, matElement(1, []byte(name))...)
	}
	return matElement(14, append(b, matElement(typ, body)...))
}

func matFile(packed bool, elements ...[]byte) []byte {
	b := append([]byte(matStart), bytes.Repeat([]byte(" "), 124-len(matStart))...)
	b = append(b, 0, 1, 'I', 'M')
	for _, e := range elements {
		if packed {
			var buf bytes.Buffer
			z := zlib.NewWriter(&buf)
			_, _ = z.Write(e) // a buffer takes everything
			_ = z.Close()
			e = matElement(15, buf.Bytes())
		}
		b = append(b, e...)
	}
	return b
}

// encodeMAT is as ASL-DVS: four vectors, their numbers stored as small as they are.
func encodeMAT(packed bool) func(es []events.Event) []byte {
	return func(es []events.Event) []byte {
		var t, x, y, p []byte
		for _, e := range es {
			t = le.AppendUint32(t, uint32(e.T))
			x = le.AppendUint16(x, e.X)
			y = le.AppendUint64(y, math.Float64bits(float64(e.Y)))
			p = append(p, byte(bit(e.On)))
		}
		n := [2]int32{int32(len(es)), 1}
		return matFile(packed,
			matMatrix("about", 4, [2]int32{1, 2}, 4, []byte{65, 0, 66, 0}),
			matMatrix("pol", 6, n, 2, p), matMatrix("ts", 6, n, 5, t), matMatrix("x", 6, n, 4, x), matMatrix("y", 6, n, 9, y))
	}
}

// encodeTaxels is as ST-MNIST.
func encodeTaxels(es []events.Event) []byte {
	var b []byte
	for _, e := range es {
		col := make([]float64, 101)
		col[int(e.X)+10*int(e.Y)] = 2*float64(bit(e.On)) - 1
		col[100] = float64(e.T) * 1e-6
		for _, v := range col {
			b = le.AppendUint64(b, math.Float64bits(v))
		}
	}
	return matFile(true, matMatrix("spiketrain", 6, [2]int32{101, int32(len(es))}, 9, b))
}

func encodeCSV(es []events.Event) []byte {
	b := []byte("# a comment\nx,y,polarity,timestamp,more\r\n")
	for _, e := range es {
		b = fmt.Appendf(b, "%d,%d,%d,%d,0.5\r\n", e.X, e.Y, bit(e.On), e.T)
	}
	return b
}

func gzipped(encode func([]events.Event) []byte) func([]events.Event) []byte {
	return func(es []events.Event) []byte {
		var buf bytes.Buffer
		z := gzip.NewWriter(&buf)
		_, _ = z.Write(encode(es)) // a buffer takes everything
		_ = z.Close()
		return buf.Bytes()
	}
}

// An encoding is a way to write a file, and what a Reader should say of it.
type encoding struct {
	name, format  string
	encode        func(es []events.Event) []byte
	width, height int
	t             int64 // a time at which recordings can begin
	blind         bool  // the format has to be named
	unbounded     bool  // the size of the sensor is not in the file
	record        int   // bytes of an event or word, if all have as many
}

func plain(b []byte) []byte { return b }

var encodings = []encoding{
	{name: "bin", format: "bin", encode: encodeBin, width: 34, height: 34, blind: true, unbounded: true, record: 5},
	{name: "dvs128", format: "aedat2", encode: encodeAEDAT2("ch.unizh.ini.jaer.chip.retina.DVS128"), width: 128, height: 128, record: 8},
	{name: "davis240", format: "aedat2", encode: encodeAEDAT2("eu.seebetter.ini.chips.davis.Davis240C"), width: 240, height: 180, record: 8},
	{name: "aedat3", format: "aedat3", encode: encodeAEDAT3, width: 128, height: 128, t: 1<<31 - 3000},
	{name: "aedat4", format: "aedat4", encode: encodeAEDAT4(0, plain, false), width: 346, height: 260, t: 1605537493718345},
	{name: "aedat4 lz4", format: "aedat4", encode: encodeAEDAT4(1, packLZ4, true), width: 346, height: 260, t: 1605537493718345},
	{name: "aedat4 zstd", format: "aedat4", encode: encodeAEDAT4(4, packZSTD, true), width: 346, height: 260, t: 1605537493718345},
	{name: "evt2", format: "evt2", encode: encodeEVT2, width: 640, height: 480, t: 1<<34 - 3000, record: 4},
	{name: "evt3", format: "evt3", encode: encodeEVT3, width: 1280, height: 720, t: 1<<24 - 3000, record: 2},
	{name: "dat", format: "dat", encode: encodeDAT, width: 304, height: 240, t: 1<<32 - 3000, record: 8},
	{name: "es", format: "es", encode: encodeES(1), width: 320, height: 240, t: 5000},
	{name: "es atis", format: "es", encode: encodeES(2), width: 320, height: 240, t: 5000},
	{name: "npy", format: "npy", encode: encodeNPY, width: 700, height: 480, t: -40, unbounded: true},
	{name: "npy padded", format: "npy", encode: encodePadded, width: 700, height: 480, unbounded: true},
	{name: "npz", format: "npz", encode: encodeNPZ, width: 700, height: 480, t: 1 << 60, unbounded: true},
	{name: "npz apart", format: "npz", encode: encodeApart, width: 700, height: 480, unbounded: true},
	{name: "mat", format: "mat", encode: encodeMAT(false), width: 240, height: 180, unbounded: true},
	{name: "mat packed", format: "mat", encode: encodeMAT(true), width: 240, height: 180, unbounded: true},
	{name: "spiketrain", format: "mat", encode: encodeTaxels, width: 10, height: 10},
	{name: "csv", format: "csv", encode: encodeCSV, width: 2000, height: 2000, t: -5, unbounded: true},
	{name: "csv gzipped", format: "csv", encode: gzipped(encodeCSV), width: 2000, height: 2000, unbounded: true},
	{name: "evt3 gzipped", format: "evt3", encode: gzipped(encodeEVT3), width: 1280, height: 720},
}
