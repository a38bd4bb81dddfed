package events_test

import (
	"encoding/binary"

	"github.com/spikegrad/spikegrad/data/events"
	"github.com/spikegrad/spikegrad/data/events/eventstest"
)

var (
	le = binary.LittleEndian
	be = binary.BigEndian
)

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
	{name: "bin", format: "bin", encode: eventstest.Bin, width: 34, height: 34, blind: true, unbounded: true, record: 5},
	{name: "dvs128", format: "aedat2", encode: eventstest.AEDAT2("ch.unizh.ini.jaer.chip.retina.DVS128"), width: 128, height: 128, record: 8},
	{name: "davis240", format: "aedat2", encode: eventstest.AEDAT2("eu.seebetter.ini.chips.davis.Davis240C"), width: 240, height: 180, record: 8},
	{name: "aedat3", format: "aedat3", encode: eventstest.AEDAT3, width: 128, height: 128, t: 1<<31 - 3000},
	{name: "aedat4", format: "aedat4", encode: eventstest.AEDAT4(0, plain, false), width: 346, height: 260, t: 1605537493718345},
	{name: "aedat4 lz4", format: "aedat4", encode: eventstest.AEDAT4(1, eventstest.PackLZ4, true), width: 346, height: 260, t: 1605537493718345},
	{name: "aedat4 zstd", format: "aedat4", encode: eventstest.AEDAT4(4, eventstest.PackZSTD, true), width: 346, height: 260, t: 1605537493718345},
	{name: "evt2", format: "evt2", encode: eventstest.EVT2, width: 640, height: 480, t: 1<<34 - 3000, record: 4},
	{name: "evt3", format: "evt3", encode: eventstest.EVT3, width: 1280, height: 720, t: 1<<24 - 3000, record: 2},
	{name: "dat", format: "dat", encode: eventstest.DAT, width: 304, height: 240, t: 1<<32 - 3000, record: 8},
	{name: "es", format: "es", encode: eventstest.ES(1), width: 320, height: 240, t: 5000},
	{name: "es atis", format: "es", encode: eventstest.ES(2), width: 320, height: 240, t: 5000},
	{name: "npy", format: "npy", encode: eventstest.NPY, width: 700, height: 480, t: -40, unbounded: true},
	{name: "npy padded", format: "npy", encode: eventstest.NPYPadded, width: 700, height: 480, unbounded: true},
	{name: "npz", format: "npz", encode: eventstest.NPZ, width: 700, height: 480, t: 1 << 60, unbounded: true},
	{name: "npz apart", format: "npz", encode: eventstest.NPZApart, width: 700, height: 480, unbounded: true},
	{name: "mat", format: "mat", encode: eventstest.MAT(false), width: 240, height: 180, unbounded: true},
	{name: "mat packed", format: "mat", encode: eventstest.MAT(true), width: 240, height: 180, unbounded: true},
	{name: "spiketrain", format: "mat", encode: eventstest.Taxels, width: 10, height: 10},
	{name: "csv", format: "csv", encode: eventstest.CSV, width: 2000, height: 2000, t: -5, unbounded: true},
	{name: "csv gzipped", format: "csv", encode: eventstest.Gzipped(eventstest.CSV), width: 2000, height: 2000, unbounded: true},
	{name: "evt3 gzipped", format: "evt3", encode: eventstest.Gzipped(eventstest.EVT3), width: 1280, height: 720},
}
