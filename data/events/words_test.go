package events_test

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/spikegrad/spikegrad/data/events"
	"github.com/spikegrad/spikegrad/data/events/eventstest"
)

// The examples that go with the descriptions of the formats, byte by byte.
func TestWorkedExamples(t *testing.T) {
	evt2 := le.AppendUint32(le.AppendUint32([]byte("% evt 2.0\n"), 0x80005070), 0x10076879)
	evt3 := []byte("% evt 3.0\n")
	for _, w := range []uint16{0x8b2d, 0x6000, 0x00c8, 0x236a, 0x2b26} {
		evt3 = le.AppendUint16(evt3, w)
	}
	davis := be.AppendUint32(be.AppendUint32([]byte("#!AER-DAT2.0\n# AEChip: Davis240C\n"), 0x0C88B800), 9)
	for name, c := range map[string]struct {
		file []byte
		o    events.Options
		want []events.Event
	}{
		"bin":    {[]byte{7, 0x0f, 0x80, 2, 0x8e}, events.Options{Format: "bin"}, []events.Event{{T: 654, X: 7, Y: 15, On: true}}},
		"davis":  {davis, events.Options{}, []events.Event{{T: 9, X: 100, Y: 129, On: true}}},
		"raw":    {davis, events.Options{Raw: true}, []events.Event{{T: 9, X: 139, Y: 50, On: true}}},
		"aedat3": {append(eventstest.AEDAT3Packet([]byte(eventstest.AEDAT3Head), 1, 0, 1, []events.Event{{}})[:len(eventstest.AEDAT3Head)+28], 0x53, 0, 0x14, 0, 0x6f, 0x70, 0xc5, 0x04), events.Options{}, []events.Event{{T: 80048239, X: 10, Y: 20, On: true}}},
		"evt2":   {evt2, events.Options{}, []events.Event{{T: 1317888, X: 237, Y: 121, On: true}}},
		"evt3":   {evt3, events.Options{}, []events.Event{{T: 11718656, X: 874, Y: 200}, {T: 11718656, X: 806, Y: 200, On: true}}},
		"dat":    {[]byte("% Version 2\n\x00\x08\x00\x00\x00\x00\x19\x00\x02\x00"), events.Options{}, []events.Event{{X: 25, Y: 8}}},
		"es":     {[]byte("Event Stream\x02\x00\x00\x01\x40\x01\xf0\x00\x01\x00\x00\xef\x00"), events.Options{}, []events.Event{{X: 0, Y: 239, On: true}}},
	} {
		es, _, err := readAll(bytes.NewReader(c.file), c.o)
		require.NoError(t, err, name)
		require.Equal(t, c.want, es, name)
	}
}

// What is no event is counted, and changes the others as it should.
func TestWords(t *testing.T) {
	evt3 := func(ws ...uint16) []byte {
		b := []byte("% evt 3.0\n")
		for _, w := range ws {
			b = le.AppendUint16(b, w)
		}
		return b
	}
	evt2 := func(ws ...uint32) []byte {
		b := []byte("% evt 2.0\n")
		for _, w := range ws {
			b = le.AppendUint32(b, w)
		}
		return b
	}
	dat := func(ts ...uint32) []byte {
		b := []byte("% Version 2\n\x0c\x08")
		for _, t := range ts {
			b = le.AppendUint64(b, uint64(t)|1<<60)
		}
		return b
	}
	aedat2 := func(chip string, words ...uint32) []byte {
		b := []byte("#!AER-DAT2.0\n# AEChip: " + chip + "\n")
		for _, w := range words {
			b = be.AppendUint32(b, w)
		}
		return b
	}
	invalid := eventstest.AEDAT3Packet([]byte(eventstest.AEDAT3Head), 1, 2, 2, []events.Event{{T: 1, X: 2, Y: 3}, {T: 4}})
	invalid[len(invalid)-8] = 0
	at := func(ts ...int64) (out []events.Event) {
		for _, t := range ts {
			out = append(out, events.Event{T: t, On: true})
		}
		return out
	}
	for name, c := range map[string]struct {
		file    []byte
		o       events.Options
		want    []events.Event
		skipped events.Skipped
		wraps   int64
		back    int64
	}{
		"bin: overflow": {file: []byte{1, 2, 0x80, 0, 9, 0, 240, 0, 0, 0, 1, 2, 0x80, 0, 9, 9, 240, 0, 9, 9, 1, 2, 0x80, 0, 9}, o: events.Options{Format: "bin"},
			want: []events.Event{{T: 9, X: 1, Y: 2, On: true}, {T: 8201, X: 1, Y: 2, On: true}, {T: 16393, X: 1, Y: 2, On: true}}},
		"evt3: vectors": {file: evt3(0x8000, 0x6005, 0x0003, 0x3000|0x800|100, 0x4801, 0x50ff&0x5081, 0x4000, 0x5001),
			want: []events.Event{
				{T: 5, X: 100, Y: 3, On: true}, {T: 5, X: 111, Y: 3, On: true}, {T: 5, X: 112, Y: 3, On: true}, {T: 5, X: 119, Y: 3, On: true}, {T: 5, X: 132, Y: 3, On: true},
			}},
		"evt3: early": {file: evt3(0x0000, 0x2001, 0x3000, 0x4fff, 0x8000, 0x2001), skipped: events.Skipped{Early: 13}, want: []events.Event{{X: 1}}},
		"evt3: row":   {file: evt3(0x8000, 0x2001, 0x0002, 0x2001), skipped: events.Skipped{Early: 1}, want: []events.Event{{X: 1, Y: 2}}},
		"evt3: other": {file: evt3(0x8000, 0x0000, 0xa001, 0x7000, 0xe000, 0xf000, 0x1000, 0x9000, 0xb000, 0xc000, 0xd000, 0x2801),
			skipped: events.Skipped{Other: 4, Unknown: 5}, want: []events.Event{{X: 1, On: true}}},
		"evt3: outside": {file: evt3(0x8000, 0x0000, 0x2000|1279, 0x2000|1280, 0x3000|1275, 0x4fff, 0x4fff), skipped: events.Skipped{Outside: 20},
			want: []events.Event{{X: 1279}, {X: 1275}, {X: 1276}, {X: 1277}, {X: 1278}, {X: 1279}}},
		// The lower bits fall twice while the higher ones stay: no new beginning.
		"evt3: low falls": {file: evt3(0x8001, 0x0000, 0x6fff, 0x2800, 0x6000, 0x2800, 0x6001, 0x2800), back: 1, want: at(8191, 4096, 4097)},
		"evt3: new beginning": {file: evt3(0x8ffe, 0x0000, 0x2800, 0x8fff, 0x2800, 0x8000, 0x2800, 0x8800, 0x2800, 0x8fff, 0x2800, 0x8000, 0x2800),
			wraps: 2, want: at(0xffe000, 0xfff000, 1<<24, 1<<24+0x800000, 1<<24+0xfff000, 2<<24)},
		// A word that comes late, behind a new beginning, takes it back.
		"evt3: late word":  {file: evt3(0x8fff, 0x0000, 0x2800, 0x8000, 0x2800, 0x8fff, 0x2800, 0x8000, 0x2800, 0x8001, 0x2800), wraps: 1, back: 1, want: at(0xfff000, 1<<24, 0xfff000, 1<<24, 1<<24+4096)},
		"evt3: small fall": {file: evt3(0x8010, 0x0000, 0x2800, 0x800f, 0x2800), back: 1, want: at(65536, 61440)},
		"evt2: early": {file: evt2(0x10000000, 0xa0000000, 0xe0000000, 0xf0000000, 0x20000000, 0x80000001, 0x10000000),
			skipped: events.Skipped{Early: 1, Other: 3, Unknown: 1}, want: at(64)},
		"evt2: new beginning": {file: evt2(0x8fffffff, 0x10000000, 0x80000000, 0x10000000), wraps: 1, want: at(1<<34-64, 1<<34)},
		"evt2: outside":       {file: evt2(0x80000000, 0x10000000|640<<11, 0x10000000|480, 0x10000000), skipped: events.Skipped{Outside: 2}, want: at(0)},
		"evt2: given sensor":  {file: evt2(0x80000000, 0x10000000|1<<11, 0x10000000), o: events.Options{Width: 1, Height: 1}, skipped: events.Skipped{Outside: 1}, want: at(0)},
		"dat: new beginning":  {file: dat(1<<32-1, 0, 5, 4), wraps: 1, back: 1, want: at(1<<32-1, 1<<32, 1<<32+5, 1<<32+4)},
		"aedat2: dvs128": {file: aedat2("DVS128", 0x8000, 1, 0x10000, 2, 0x7ffe, 3, 0x7fff, 4),
			skipped: events.Skipped{Other: 1, Unknown: 1}, want: []events.Event{{T: 3, On: true}, {T: 4}}},
		"aedat2: davis": {file: aedat2("Davis346red", 1<<31, 1, 1<<10, 2, 259<<22|345<<12|1<<11, 3, 260<<22|345<<12, 4, 259<<22|346<<12, 5),
			skipped: events.Skipped{Other: 2, Outside: 2}, want: at(3)},
		"aedat2: new beginning at 2³¹": {file: aedat2("DVS128", 0x7ffe, 0x7fffffff, 0x7ffe, 0), wraps: 1, want: at(1<<31-1, 1<<31)},
		"aedat2: new beginning at 2³²": {file: aedat2("DVS128", 0x7ffe, 0x7fffffff, 0x7ffe, 0x80000000, 0x7ffe, 0xffffffff, 0x7ffe, 0), wraps: 1, want: at(1<<31-1, 1<<31, 1<<32-1, 1<<32)},
		"aedat2: set to 0":             {file: aedat2("DVS128", 0x7ffe, 5000000, 0x7ffe, 0), back: 1, want: at(5000000, 0)},
		"aedat2: data that start with #": {file: []byte("#!AER-DAT2.0\n# AEChip: DVS128\n#End Of ASCII Header\n#a\n\x00\x00\x00\x00\x00"),
			skipped: events.Skipped{Unknown: 1}},
		"aedat2: data with a # and no text": {file: []byte("#!AER-DAT2.0\n# AEChip: DVS128\n#\x00\x00\x00\n\x00\x00\x00"), skipped: events.Skipped{Unknown: 1}},
		"aedat3: invalid":                   {file: invalid, skipped: events.Skipped{Invalid: 1}, want: []events.Event{{T: 1 + 2<<31, X: 2, Y: 3}}},
		"aedat4: below 0":                   {file: eventstest.AEDAT4Packet(eventstest.AEDAT4Start(0, -1, fmt.Sprintf(eventstest.DVXML, 2, 2)), 7, eventstest.FlatEvents([]events.Event{{X: 0xffff}, {X: 2}, {X: 1, Y: 1}})), skipped: events.Skipped{Outside: 2}, want: []events.Event{{X: 1, Y: 1}}},
		"es: over and reset":                {file: append([]byte("Event Stream\x02\x00\x00\x01\x40\x01\xf0\x00"), 0xff, 0xfe, 0xff, 0x03, 0, 0, 0, 0), want: at(255)},
		"es: exposure": {file: append([]byte("Event Stream\x02\x00\x00\x02\x40\x01\xf0\x00"), 0xfc, 0xff, 0x07, 0, 0, 0, 0, 0x06, 0, 0, 0, 0),
			skipped: events.Skipped{Other: 1}, want: at(191)},
		"csv: outside":          {file: []byte("t,x,y,p\n1,70000,0,1\n2,-1,0,1\n3,0,0,1\n"), skipped: events.Skipped{Outside: 2}, want: at(3)},
		"csv: words and spaces": {file: []byte("\ufefft x\ty ; on\n 3 0 0 true\n# no event\n\n4;0;0;-1\n5 0 0 2.0"), want: []events.Event{{T: 3, On: true}, {T: 4}, {T: 5, On: true}}},
		"csv: without names":    {file: []byte("0.000003 0 0 1\n1e-5 0 0 1\n2 0 0 1\n"), o: events.Options{Format: "csv", Columns: "t,x,y,p", Unit: time.Second}, want: at(3, 10, 2000000)},
		"npy: columns of ms":    {file: eventstest.NPYFile("'<i2'", "(1,4)", []byte{0, 0, 0, 0, 1, 0, 7, 0}), o: events.Options{Columns: "x,y,p,t", Unit: time.Millisecond}, want: at(7000)},
		"npy: nanoseconds":      {file: eventstest.NPYFile("'<i2'", "(1,4)", []byte{0, 0, 0, 0, 1, 0, 0x10, 0x27}), o: events.Options{Columns: "x,y,p,t", Unit: time.Nanosecond}, want: at(10)},
		"csv: far away":         {file: []byte("t,x,y,p\n2305843009213693953,0,0,1\n-2305843009213693953,0,0,1\n3,0,0,1\n"), skipped: events.Skipped{Invalid: 2}, want: at(3)},
		"npy: negative common": {file: eventstest.NPYFile("[('t','<i8'),('x','<i2'),('y','<u2'),('p','u1')]", "(3,)", append(append(le.AppendUint64(nil, 1), 255, 255, 0, 0, 1), append(append(le.AppendUint64(nil, 2), 0, 0, 255, 255, 1), append(le.AppendUint64(nil, 3), 0, 0, 0, 0, 2)...)...)),
			skipped: events.Skipped{Outside: 1}, want: []events.Event{{T: 2, Y: 65535, On: true}, {T: 3, On: true}}},
		"npy: negative place": {file: eventstest.NPYFile("'|i1'", "(2,4)", []byte{255, 0, 1, 1, 0, 0, 1, 2}), o: events.Options{Columns: "x,y,p,t"}, skipped: events.Skipped{Outside: 1}, want: at(2)},
	} {
		t.Run(name, func(t *testing.T) {
			es, r, err := readAll(bytes.NewReader(c.file), c.o)
			require.NoError(t, err)
			require.Equal(t, c.want, es)
			s := r.Summary()
			require.Equal(t, c.skipped, s.Skipped)
			require.Equal(t, c.wraps, s.Wraps)
			require.Equal(t, c.back, s.Backwards)
			require.EqualValues(t, len(c.file), s.Bytes)
		})
	}
}

// An address of jAER as it is.
func TestRaw(t *testing.T) {
	file := eventstest.AEDAT2("DVS128")([]events.Event{{T: 5, X: 100, Y: 20, On: true}})
	es, _, err := readAll(bytes.NewReader(file), events.Options{Raw: true})
	require.NoError(t, err)
	require.Equal(t, []events.Event{{T: 5, X: 27, Y: 107, On: false}}, es)
}
