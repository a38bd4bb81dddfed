package main

import (
	"bytes"
	"encoding/json"
	"image/gif"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spikegrad/spikegrad/data/events"
)

// call runs a command in a folder and returns its exit code and what it wrote.
func call(args ...string) (code int, out, errs string) {
	var o, e bytes.Buffer
	code = run(args, &o, &e)
	return code, o.String(), e.String()
}

// recording writes a dot that moves for 50 ms, and returns the path of the file.
func recording(t *testing.T, name string) string {
	t.Helper()
	var es []events.Event
	for i := range 500 {
		es = append(es, events.Event{T: int64(5000 + 100*i), X: uint16(i / 10 % 30), Y: uint16(i % 7), On: i%4 == 0})
	}
	path := filepath.Join(t.TempDir(), name)
	require.NoError(t, events.WriteFile(path, "", events.Of(es, 32, 24)))
	return path
}

func TestInfo(t *testing.T) {
	raw := recording(t, "a.raw")
	code, out, errs := call("events", "info", raw)
	require.Zero(t, code)
	require.Empty(t, errs)
	require.Equal(t, "file: "+raw+`
format: evt2
sensor: 32x24
geometry: stated by the file
events: 500
first: 5000
last: 54900
on: 0.2500
rate: 10020
backwards: 0
wraps: 0
skipped: 0
other: 0
`, out)
	// Where the file does not say how large the sensor is, the events do.
	npy := recording(t, "a.npy")
	code, out, _ = call("events", "info", "-json", raw, npy)
	require.Zero(t, code)
	lines := strings.Split(strings.TrimSpace(out), "\n")
	require.Len(t, lines, 2)
	var rep report
	require.NoError(t, json.Unmarshal([]byte(lines[1]), &rep))
	require.Equal(t, report{File: npy, Format: "npy", Sensor: "30x7", Geometry: "that of the events", Events: 500, First: 5000, Last: 54900, On: 0.25, Rate: 500e6 / 49900}, rep)
	// What a flag says comes before what the file says, and what is then outside is counted.
	code, out, _ = call("events", "info", raw, "-sensor", "10x7")
	require.Zero(t, code)
	require.Contains(t, out, "sensor: 10x7\ngeometry: given by the caller\nevents: 200\n")
	require.Contains(t, out, "skipped: 300\nskipped outside of the sensor: 300\n")
	// A file that is cut says what there is, and that it is cut.
	b, err := os.ReadFile(raw)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(raw, b[:len(b)-2], 0o600))
	code, out, errs = call("events", "info", raw, npy)
	require.Equal(t, failed, code)
	require.Contains(t, out, "events: 499\n")
	require.Contains(t, out, "the file ends within a word: 2 bytes are there, want 4: unexpected EOF\n\nfile: "+npy)
	require.Contains(t, errs, "spikegrad: events: "+raw+": evt2: byte ")
	code, out, errs = call("events", "info", filepath.Dir(raw), raw)
	require.Equal(t, failed, code)
	require.Contains(t, out, "error: events: open "+filepath.Dir(raw)+": it is a folder, want a regular file\n")
	require.Equal(t, "spikegrad: 2 of 2 files could not be read to their end\n", errs)
}

func TestConvert(t *testing.T) {
	raw := recording(t, "a.raw")
	read := func(path string) []events.Event {
		r, err := events.Open(path, events.Options{})
		require.NoError(t, err)
		defer r.Close()
		es, err := events.Collect(r.Recording(), nil)
		require.NoError(t, err)
		return es
	}
	dir := t.TempDir()
	for _, name := range []string{"b.es", "b.bin", "b.npy", "b.csv", "b.raw"} {
		path := filepath.Join(dir, name)
		code, out, errs := call("events", "convert", raw, path)
		require.Zero(t, code, errs)
		require.Equal(t, path+": 500 events of 500, 32x24\n", out)
		require.Equal(t, read(raw), read(path))
		back := filepath.Join(dir, "back.es") // of a file that does not say how large its sensor is
		code, _, errs = call("events", "convert", path, back)
		require.Zero(t, code, errs)
		require.Equal(t, read(raw), read(back))
	}
	cut := filepath.Join(dir, "cut.out")
	code, out, errs := call("events", "convert", raw, cut, "-write", "es", "-from", "0.01", "-to", "0.02", "-crop", "10,0,4,7", "-normalise", "-downsample", "2")
	require.Zero(t, code, errs)
	require.Equal(t, cut+": 40 events of 500, 2x4\n", out)
	es := read(cut)
	require.Equal(t, []int64{0, 3900}, []int64{es[0].T, es[39].T})
	code, _, errs = call("events", "convert", raw, cut, "-write", "es", "-rotate", "90", "-flipx", "-flipy", "-transpose", "-denoise", "1ms", "-refractory", "1ms", "-drop", "0.5", "-seed", "3", "-sort")
	require.Zero(t, code, errs)
	require.NotEmpty(t, read(cut))
	// What cannot be leaves nothing behind.
	code, _, errs = call("events", "convert", raw, filepath.Join(dir, "c.es"), "-crop", "0,0,99,99")
	require.Equal(t, failed, code)
	require.Equal(t, "spikegrad: events: crop: the rectangle of 99 × 99 at (0, 0) is not within the sensor of 32 × 24\n", errs)
	require.NoFileExists(t, filepath.Join(dir, "c.es"))
	code, _, errs = call("events", "convert", raw, filepath.Join(dir, "c.es"), "-sensor", "30x5")
	require.Zero(t, code)
	require.Contains(t, errs, "words that should have been events were skipped")
}

func TestView(t *testing.T) {
	raw := recording(t, "a.raw")
	dir := t.TempDir()
	open := func(name string) *os.File {
		f, err := os.Open(filepath.Join(dir, name))
		require.NoError(t, err)
		t.Cleanup(func() { f.Close() })
		return f
	}
	code, _, errs := call("events", "view", raw, "-out", filepath.Join(dir, "m.gif"), "-window", "20ms")
	require.Zero(t, code, errs)
	g, err := gif.DecodeAll(open("m.gif"))
	require.NoError(t, err)
	require.Len(t, g.Image, 3)
	for _, show := range []string{"frames", "rate"} {
		code, _, errs := call("events", "view", "-show", show, raw, "-out", filepath.Join(dir, "p.png"))
		require.Zero(t, code, errs)
		_, err := png.Decode(open("p.png"))
		require.NoError(t, err)
	}
	es := filepath.Join(dir, "a.es") // y grows upwards
	code, _, _ = call("events", "convert", raw, es)
	require.Zero(t, code)
	code, _, errs = call("events", "view", es, "-out", filepath.Join(dir, "p.svg"), "-title", "A dot")
	require.Zero(t, code, errs)
	svg, err := os.ReadFile(filepath.Join(dir, "p.svg"))
	require.NoError(t, err)
	require.Contains(t, string(svg), "A dot")
	files, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, files, 4) // nothing else is left

	for want, args := range map[string][]string{
		"one frame of 1s is no movie": {"-window", "1s"},
		"there are no events to draw": {"-from", "1"},
		"49901 frames of 1µs with 32 x 24 pixels, want at most 1000: give a longer -window": {"-window", "1us"},
	} {
		code, _, errs := call(append([]string{"events", "view", raw, "-out", filepath.Join(dir, "n.gif")}, args...)...)
		require.Equal(t, failed, code)
		require.Contains(t, errs, want)
	}
}

// The exit code of a command that was not understood is 2, and help is none.
func TestUsage(t *testing.T) {
	for _, args := range [][]string{{"help"}, {"-h"}, {"events", "-h"}, {"events", "info", "-h"}, {"events", "convert", "a", "-h"}, {"events", "view", "-help"}, {"events", "formats", "-h"}} {
		code, out, errs := call(args...)
		require.Zero(t, code)
		require.Contains(t, out, "usage:")
		require.Empty(t, errs)
	}
	code, out, _ := call("events", "formats")
	require.Zero(t, code)
	require.Contains(t, out, "evt3     read           EVT 3.0 of Prophesee\n")
	require.Contains(t, out, "npy      read, written  NumPy")
	for want, args := range map[string][]string{
		"usage:":                               {},
		`there is no command "events"`:         {"events"},
		`there is no command "events listen"`:  {"events", "listen"},
		`there is no command "train"`:          {"train"},
		"no file is named":                     {"events", "info"},
		"flag provided but not defined: -jsom": {"events", "info", "a", "-jsom"},
		`-sensor is "640", want WxH`:           {"events", "info", "a", "-sensor", "640"},
		"-unit is 0s, want more than 0":        {"events", "info", "a", "-unit", "0s"},
		"1 files are named, want IN and OUT":   {"events", "convert", "a"},
		`-crop is "1,2,3", want x,y,w,h`:       {"events", "convert", "a", "b", "-crop", "1,2,3"},
		"from 3 s to 2 s, want them in order":  {"events", "convert", "a", "b", "-from", "3", "-to", "2"},
		"2 files are named, want one":          {"events", "view", "a", "b"},
		`-out is "", want the name of a .gif`:  {"events", "view", "a"},
		`-show is "all", want cloud`:           {"events", "view", "a", "-out", "b.png", "-show", "all"},
		"-window is -1ns, want whole µs":       {"events", "view", "a", "-out", "b.png", "-window", "-1ns"},
		`"x" is too much`:                      {"events", "formats", "x"},
	} {
		code, out, errs := call(args...)
		require.Equal(t, misuse, code, args)
		require.Empty(t, out)
		require.Contains(t, errs, want)
	}
}
