package events_test

import (
	"bytes"
	"math"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/spikegrad/spikegrad/data/events"
	"github.com/spikegrad/spikegrad/data/events/eventstest"
)

// Files that are not what they seem.
func TestHostile(t *testing.T) {
	huge := bytes.Repeat([]byte{0xff}, 64)
	words := func(ws ...uint16) (b []byte) {
		for _, w := range ws {
			b = le.AppendUint16(b, w)
		}
		return b
	}
	row := "[('t','<i8'),('x','<i2'),('y','<i2'),('p','u1')]"
	for name, c := range map[string]struct {
		file []byte
		o    events.Options
		want string
	}{
		"empty":             {nil, events.Options{}, "events: byte 0: the file starts with nothing: it is empty, by which no format is known: name it in Options.Format"},
		"unknown format":    {nil, events.Options{Format: "evt4"}, `events: format is "evt4", want one of aedat2, aedat3, aedat4, bin, csv, dat, es, evt, evt2, evt3, mat, npy, npz`},
		"picture":           {[]byte("\x89PNG\r\n\x1a\n"), events.Options{}, "events: byte 0: this is a PNG picture"},
		"half a sensor":     {nil, events.Options{Width: 3}, "events: options: the sensor is 3 × 0, want 1 to 65536 each, or 0 for both"},
		"time backwards":    {nil, events.Options{Unit: -1}, "events: options: the unit of time is -1ns, want more than 0, or 0 for 1µs"},
		"gzip in name only": {[]byte("\x1f\x8b\x08\x00"), events.Options{}, "events: gzip header: unexpected EOF"},
		"bin of noise": {[]byte("It is a truth universally acknowledged, that a single man in possession of a good fortune, must be in want"),
			events.Options{Format: "bin"}, "events: bin: byte 0: of the first 16 times 8 are before the one before them: this is no recording of 5 bytes an event"},
		"bin cut": {[]byte{1, 2, 3}, events.Options{Format: "bin"}, "events: bin: byte 0: the file ends within an event: 3 bytes are there, want 5: unexpected EOF"},

		"aedat2: unknown chip": {[]byte("#!AER-DAT2.0\n# AEChip: eu.Cochlea\n"), events.Options{}, `events: aedat2: byte 34: the camera is "eu.Cochlea", want a DVS128, DAVIS240 or DAVIS346: name one in Options.Camera`},
		"aedat2: unknown name": {[]byte("#!AER-DAT2.0\n"), events.Options{Camera: "eye"}, `events: aedat2: options: the camera is "eye", want DVS128, DAVIS240 or DAVIS346`},
		"aedat3: no end":       {[]byte("#!AER-DAT3.1\r\n#Format: RAW\r\n"), events.Options{}, "events: aedat3: byte 28: the header does not end with #!END-HEADER"},
		"aedat3: version":      {[]byte("#!AER-DAT3.2\r\n"), events.Options{}, `events: aedat3: byte 0: the version is "#!AER-DAT3.2", want 3.1`},
		"aedat3: too many": {append([]byte(eventstest.AEDAT3Head), "\x01\x00\x01\x00\x08\x00\x00\x00\x04\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x02\x00\x00\x00\x00\x00\x00\x00"...),
			events.Options{}, "events: aedat3: byte 105: a packet has 2 events and room for 1"},
		"aedat3: 2⁶⁴ bytes": {append([]byte(eventstest.AEDAT3Head), huge...), events.Options{}, "events: aedat3: byte 105: events of kind 65535 have 4294967295 bytes, want at most 2²⁸"},
		"aedat4: header":    {append([]byte("#!AER-DAT4.0\r\n"), huge...), events.Options{}, "events: aedat4: byte 14: the header has 4294967295 bytes, want 8 to 16777216"},
		"aedat4: cut": {[]byte("#!AER-DAT4.0\r\n\x00\x00\xff\x00IOHE"), events.Options{},
			"events: aedat4: byte 22: the file ends within the header: 0 bytes are there, want 16711676: unexpected EOF"},
		"aedat4: packing":   {eventstest.AEDAT4Start(9, -1, "<dv/>"), events.Options{}, "events: aedat4: byte 14: the header: packets are packed by method 9, want 0 to 4"},
		"aedat4: no stream": {eventstest.AEDAT4Start(0, -1, "<dv/>"), events.Options{}, "events: aedat4: byte 14: the header: it lists no stream of events (EVTS)"},
		"aedat4: deep":      {eventstest.AEDAT4Start(0, -1, string(bytes.Repeat([]byte("<a>"), 1000))), events.Options{}, "events: aedat4: byte 14: the header: its XML is more than 64 elements deep"},
		"aedat4: negative": {eventstest.AEDAT4Packet(eventstest.AEDAT4Start(0, -1, eventstest.DVXML), 7, nil)[:len(eventstest.AEDAT4Start(0, -1, eventstest.DVXML))+4], events.Options{},
			"events: aedat4: byte 338: the file ends within the head of a packet: 4 bytes are there, want 8: unexpected EOF"},
		"aedat4: bomb": {eventstest.AEDAT4Packet(eventstest.AEDAT4Start(1, -1, eventstest.DVXML), 7, eventstest.PackLZ4(make([]byte, 1<<22))), events.Options{}, "it is called"},
		"aedat4: zstd bomb": {eventstest.AEDAT4Packet(eventstest.AEDAT4Start(3, -1, eventstest.DVXML), 7, eventstest.PackZSTD(make([]byte, 1<<23))), events.Options{},
			"it unpacks to more than"},

		"evt2.1":       {[]byte("% evt 2.1\n"), events.Options{}, `events: evt: byte 0: the header says "EVT2.1", want EVT2 or EVT3`},
		"evt3 as evt2": {[]byte("% evt 3.0\n"), events.Options{Format: "evt2"}, `events: evt2: byte 0: the header says "EVT3", want EVT2`},
		"dat: version": {[]byte("% Data file\n% Version 1\n\x00\x08"), events.Options{}, `events: dat: byte 0: the header says "1", want version 2`},
		"dat: kind":    {[]byte("% Data file\n% Version 2\n\x01\x10"), events.Options{}, "events: dat: byte 24: events are of kind 0x01 and of 16 bytes, want kind 0x00 or 0x0c and 8 bytes"},
		"es: kind":     {[]byte("Event Stream\x02\x00\x00\x04\x00\x01\x00\x01"), events.Options{}, "events: es: byte 15: the kind of events is 4 colour, want 1 (DVS) or 2 (ATIS)"},
		"es: version":  {[]byte("Event Stream\x01\x00\x00\x01"), events.Options{}, "events: es: byte 12: the version is 1.0.0, want 2"},

		"npy: 2⁶³ rows": {eventstest.NPYFile(row, "(9223372036854775807,)", nil), events.Options{},
			"events: npy: byte 129: the file ends, and the header announces 9223372036854775807 more rows: unexpected EOF"},
		"npy: negative": {eventstest.NPYFile(row, "(-1,)", nil), events.Options{}, "events: npy: byte 10: the shape is not one of whole numbers"},
		"npy: plain":    {eventstest.NPYFile("'<i8'", "(2,4)", make([]byte, 64)), events.Options{}, "events: npy: byte 10: an array of shape [2 4] does not say what its columns are: name them in Options.Columns, as x,y,p,t"},
		"npy: float times": {eventstest.NPYFile("'<f4'", "(1,4)", le.AppendUint32(make([]byte, 12), math.Float32bits(0.25))), events.Options{Columns: "x,y,p,t"},
			"events: npy: byte 69: the time is 0.25 µs, want a whole number: give the unit of the times in Options.Unit"},
		"npy: goes on":  {append(eventstest.NPYFile(row, "(0,)", nil), 0), events.Options{}, "events: npy: byte 111: the file goes on after the rows that its header announces"},
		"npy: wide row": {eventstest.NPYFile("{'names':['t','x','y','p'],'formats':['<i8','<i2','<i2','u1'],'offsets':[0,8,10,99999999],'itemsize':9223372036854775807}", "(1,)", nil), events.Options{}, "events: npy: byte 10: the names, formats, offsets and itemsize of the fields do not fit together"},
		"npy: no x":     {eventstest.NPYFile("[('t','<i8'),('y','<i2'),('p','u1')]", "(1,)", nil), events.Options{}, `events: npy: byte 10: the columns are "t,y,p", and none of them is x`},
		"npy: two t":    {eventstest.NPYFile("[('t','<i8'),('ts','<i2')]", "(1,)", nil), events.Options{}, `events: npy: byte 10: the columns "t" and "ts" are both t`},
		"npy: object":   {eventstest.NPYFile("[('t','|O'),('x','u1')]", "(1,)", nil), events.Options{}, `events: npy: byte 10: the field "t": the type is "|O", want i1 to i8, u1 to u8, f4, f8 or b1`},
		"npy: nested":   {eventstest.NPYFile(string(bytes.Repeat([]byte("["), 60)), "(1,)", nil), events.Options{}, "events: npy: byte 10: the header is no dictionary of Python"},

		"npz: no array": {eventstest.ZipOf([]string{"t.npy", "x.npy"}, map[string][]byte{"t.npy": eventstest.NPYFile("'<i8'", "(0,)", nil), "x.npy": eventstest.NPYFile("'<i8'", "(0,)", nil)}), events.Options{},
			"events: npz: the archive has no array y.npy, and none with fields t, x, y, p"},
		"npz: lengths": {eventstest.ZipOf([]string{"t.npy", "x.npy", "y.npy", "p.npy"}, map[string][]byte{"t.npy": eventstest.NPYFile("'<i8'", "(2,)", nil), "x.npy": eventstest.NPYFile("'<i8'", "(1,)", nil)}), events.Options{},
			`events: npz: "x.npy": it has 1 elements, and t has 2`},
		"npz in gzip":  {eventstest.Gzipped(eventstest.NPZ)(nil), events.Options{}, "events: npz: this format is not read out of a gzip file: unpack it first"},
		"mat: v7.3":    {append(append([]byte(eventstest.MATStart), make([]byte, 124-len(eventstest.MATStart))...), 0, 2, 'I', 'M'), events.Options{}, `events: mat: byte 124: the version is 00 02 and the order "IM", want MATLAB 5 with the lowest byte first: save with -v7 or -v6`},
		"mat: element": {eventstest.MATFile(false, []byte("\x0e\x00\x00\x00\xff\xff\xff\xff")), events.Options{}, "events: mat: byte 128: an element of 4294967295 bytes, and the file has 0 more: unexpected EOF"},
		"mat: dims": {eventstest.MATFile(false, eventstest.MATMatrix("ts", 6, [2]int32{math.MaxInt32, math.MaxInt32}, 9, nil)), events.Options{},
			`events: mat: byte 128: byte 40: matrix "ts": a dimension is 2147483647 after [2147483647]`},
		"mat: nothing":    {eventstest.MATFile(true, eventstest.MATMatrix("z", 6, [2]int32{1, 1}, 2, []byte{1})), events.Options{}, `events: mat: the variables are "z", and none of them is t`},
		"csv: no names":   {[]byte("1,2,1,0\n"), events.Options{Format: "csv"}, `events: csv: byte 0: the first line is "1,2,1,0", no names of columns: give them in Options.Columns, as x,y,p,t`},
		"csv: word":       {[]byte("t,x,y,p\n1,2,3,1\n2,two,3,1\n"), events.Options{}, `events: csv: byte 16: line 2 after the names: x is "two", want a whole number`},
		"csv: few":        {[]byte("t,x,y,p\n1,2\n"), events.Options{}, "events: csv: byte 8: line 1 after the names: it has 2 columns, and y is column 3"},
		"csv: seconds":    {[]byte("t x y p\n0.5 2 3 1\n"), events.Options{}, `events: csv: byte 8: line 1 after the names: t is "0.5", want a whole number of µs: give the unit of the times in Options.Unit`},
		"csv: far":        {[]byte("t,x,y,p\n9223372036854775807,1,1,1\n"), events.Options{Unit: time.Second}, `events: csv: byte 8: line 1 after the names: t is "9223372036854775807", which is too much`},
		"csv: long line":  {append([]byte("t,x,y,p\n"), bytes.Repeat([]byte("1"), 5000)...), events.Options{}, "events: csv: byte 8: a line is longer than 4096 bytes"},
		"evt3: half word": {append([]byte("% evt 3.0\n"), append(words(0x8001), 1)...), events.Options{}, "events: evt3: byte 12: the file ends within a word: 1 bytes are there, want 2: unexpected EOF"},
	} {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, _, err := readAll(bytes.NewReader(c.file), c.o)
			runtime.ReadMemStats(&after)
			require.ErrorContains(t, err, c.want)
			if len(c.want) > 40 {
				require.EqualError(t, err, c.want)
			}
			require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(96<<20))
		})
	}
}
