package hostile_test

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"math"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/spikegrad/spikegrad/data/download"
	"github.com/spikegrad/spikegrad/data/events"
	"github.com/spikegrad/spikegrad/data/recordings"
	"github.com/spikegrad/spikegrad/data/sound"
)

// reads returns what a reader of a file that is this text says of it.
func reads(text string, o events.Options) any {
	r, err := events.NewReader(strings.NewReader(text), o)
	if err != nil {
		return err
	}
	for _, err := range r.All() {
		if err != nil {
			return err
		}
	}
	return r.Summary().Events
}

// changed returns what becomes of two events by a transform.
func changed(t events.Transform) any {
	rec, err := events.Apply(events.Of([]events.Event{{T: 1}, {T: math.MaxInt64 / 4, X: 1}}, 4, 4), t)
	if err != nil {
		return err
	}
	return or(events.Collect(rec, nil))
}

// zipped returns an archive of a file.
func zipped(name string, text []byte) string {
	var buf bytes.Buffer
	z := zip.NewWriter(&buf)
	w, _ := z.Create(name) // a buffer takes everything
	_, _ = w.Write(text)
	_ = z.Close()
	return buf.String()
}

func gzipped(text []byte) string {
	var buf bytes.Buffer
	z := gzip.NewWriter(&buf)
	_, _ = z.Write(text) // a buffer takes everything
	_ = z.Close()
	return buf.String()
}

// unpacks returns what Unpack says of a file.
func unpacks(name, text string) any {
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		return err
	}
	return or(download.Unpack(background, name, "out", download.Options{}))
}

// A liar answers every request in the same way.
type liar struct {
	status int
	kind   string
	text   string
}

func (l liar) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{
		StatusCode: l.status, Status: http.StatusText(l.status), Header: http.Header{"Content-Type": {l.kind}},
		Body: io.NopCloser(strings.NewReader(l.text)), ContentLength: -1, Request: r,
	}, nil
}

// gets returns what Get says of a liar.
func gets(l liar, f download.File) any {
	f.Name, f.URLs = "a.zip", []string{"https://there.example/a.zip"}
	o := download.Options{Attempts: 2, Wait: time.Nanosecond, Client: &http.Client{Transport: l}}
	return fails(download.Get(background, f, "got", o))
}

func recordingCalls() []call {
	var nobody context.Context
	one := events.Of([]events.Event{{}}, 4, 4)
	return []call{
		{`events.Open("")`, func() any { return fails(events.Open("", events.Options{})) }},
		{`events.Open(".")`, func() any { return fails(events.Open(".", events.Options{})) }},
		{"events.Open(os.DevNull)", func() any { return fails(events.Open(os.DevNull, events.Options{})) }},
		{"events.NewReader(nil)", func() any { return fails(events.NewReader(nil, events.Options{})) }},
		{"events.NewReader of nothing", func() any { return reads("", events.Options{}) }},
		{"events.NewReader of a web page", func() any { return reads("<!DOCTYPE html><html>", events.Options{}) }},
		{`events.Options{Format: "none"}`, func() any { return reads("", events.Options{Format: "none"}) }},
		{"events.Options{Width: 1 << 40, Height: 1}", func() any { return reads("x", events.Options{Width: 1 << 40, Height: 1}) }},
		{"an array of 2⁶³ − 1 events", func() any {
			head := "{'descr':[('t','<i8'),('x','<i2'),('y','<i2'),('p','u1')],'fortran_order':False,'shape':(9223372036854775807,)}\n"
			return reads("\x93NUMPY\x01\x00"+string(rune(len(head)))+"\x00"+head, events.Options{})
		}},
		{"an array whose header is no header", func() any { return reads("\x93NUMPY\x01\x00\x04\x00[[[\n", events.Options{}) }},
		{"a packet of AEDAT 3.1 of 2⁶⁴ bytes", func() any {
			return reads("#!AER-DAT3.1\r\n#!END-HEADER\r\n"+strings.Repeat("\xff", 28), events.Options{})
		}},
		{"16 MiB of zeros, gzipped, as N-MNIST", func() any { return reads(gzipped(make([]byte, 1<<24)), events.Options{Format: "bin"}) }},
		{"an archive of an array that is 16 MiB of zeros", func() any { return reads(zipped("t.npy", make([]byte, 1<<24)), events.Options{Format: "npz"}) }},
		{"events.Apply(events.Recording{})", func() any { return fails(events.Apply(events.Recording{})) }},
		{"events.Apply(rec, nil)", func() any { return changed(nil) }},
		{"events.Crop(-1, 0, 1<<40, 1)", func() any { return changed(events.Crop(-1, 0, 1<<40, 1)) }},
		{"events.Downsample(0)", func() any { return changed(events.Downsample(0)) }},
		{"events.Rotate(NaN)", func() any { return changed(events.Rotate(nan)) }},
		{"events.Scale(Inf)", func() any { return changed(events.Scale(inf)) }},
		{"events.Drop(NaN, 0)", func() any { return changed(events.Drop(nan, 0)) }},
		{"events.JitterTime(math.MaxInt64, 0)", func() any { return changed(events.JitterTime(math.MaxInt64, 0)) }},
		{"events.Noise(Inf, 0)", func() any { return changed(events.Noise(inf, 0)) }},
		{"events.Denoise(-1)", func() any { return changed(events.Denoise(-1)) }},
		{"events.ByTime(rec, 0, 0)", func() any {
			for _, err := range events.ByTime(one, 0, 0) {
				return errOf(err)
			}
			return nil
		}},
		{"events.ByTime over 73,000 years, µs by µs", func() any {
			rec := events.Of([]events.Event{{}, {T: 1 << 60}}, 4, 4)
			for _, err := range events.ByTime(rec, time.Microsecond, time.Microsecond) {
				if err != nil {
					return err
				}
			}
			return nil
		}},
		{"events.Voxels(rec, nil, 1<<40)", func() any { return fails(events.Voxels(one, nil, 1<<40)) }},
		{"events.NewSurface of 2¹⁶ × 2¹⁶ pixels", func() any { return fails(events.NewSurface(events.Of(nil, 1<<16, 1<<16), 1, time.Second)) }},
		{"events.Bins{}.Events(nil, rec)", func() any { return fails(events.Bins{}.Events(nil, one)) }},
		{`events.Write(nil, "bin", rec)`, func() any { return errOf(events.Write(nil, "bin", one)) }},
		{`events.WriteFile("", "", rec)`, func() any { return errOf(events.WriteFile("", "", one)) }},
		{"recordings.New(nil, recordings.Params{})", func() any { return fails(recordings.New(nil, recordings.Params{})) }},
		{`recordings.Set("none").Open("")`, func() any { return fails(recordings.Set("none").Open("")) }},
		{`recordings.DVSGesture.Open("none")`, func() any { return fails(recordings.DVSGesture.Open("none")) }},
		{`recordings.OpenFolders("", "")`, func() any { return fails(recordings.OpenFolders("", "")) }},
		{`recordings.OpenSHD(".")`, func() any { return fails(recordings.OpenSHD(".")) }},
		{"recordings.ReadLabels(nil)", func() any { return fails(recordings.ReadLabels(nil)) }},
		{"new(recordings.Dataset).Cache(nil)", func() any { return fails(new(recordings.Dataset).Cache(nobody, recordings.CacheParams{})) }},
		{"new(recordings.Dataset).Cache(ctx)", func() any { return fails(new(recordings.Dataset).Cache(background, recordings.CacheParams{})) }},
		{"new(recordings.Dataset).Events(0, nil)", func() any { _, _, err := new(recordings.Dataset).Events(0, nil); return errOf(err) }},
		{`a cache in "recording.bin"`, func() any {
			if err := events.WriteFile("a.bin", "", one); err != nil {
				return err
			}
			d, err := recordings.New([]recordings.Sample{{Path: "a.bin"}}, recordings.Params{Options: events.Options{Width: 4, Height: 4}, Bins: events.Bins{Dt: time.Second, Steps: 1}})
			if err != nil {
				return err
			}
			return fails(d.Cache(background, recordings.CacheParams{Path: "recording.bin"}))
		}},
		{`sound.OpenWAV(".")`, func() any { return fails(sound.OpenWAV(".")) }},
		{"sound.NewWAV(nil)", func() any { return fails(sound.NewWAV(nil)) }},
		{"sound.NewWAV of a format of 2³² bytes", func() any { return fails(sound.NewWAV(strings.NewReader("RIFF    WAVEfmt \xff\xff\xff\xff"))) }},
		{"sound.Ear{}.ListenTo(nil, 0)", func() any { return fails(sound.Ear{}.ListenTo(nil, 0)) }},
		{"sound.DefaultEar().Listen(nil)", func() any { return fails(sound.DefaultEar().Listen(nil)) }},
		{"sound.Mel{}.Frames(nil, 0)", func() any { return fails(sound.Mel{}.Frames(nil, 0)) }},
		{"download.Get(nil, download.File{})", func() any { return fails(download.Get(nobody, download.File{}, "", download.Options{})) }},
		{`download.Get of "../a"`, func() any {
			return fails(download.Get(background, download.File{Name: "../a"}, "", download.Options{}))
		}},
		{"download.Get without an address", func() any {
			return fails(download.Get(background, download.File{Name: "a"}, "got", download.Options{}))
		}},
		{"a server that gives a page", func() any { return gets(liar{200, "text/html", "<html>"}, download.File{}) }},
		{"a server that gives another file", func() any { return gets(liar{200, "", "abc"}, download.File{SHA256: strings.Repeat("0", 64)}) }},
		{"a server that gives more than it should", func() any { return gets(liar{200, "", "abc"}, download.File{Size: 2}) }},
		{"a server that gives less", func() any { return gets(liar{200, "", "abc"}, download.File{Size: 4}) }},
		{"a server that is busy for ever", func() any { return gets(liar{503, "", ""}, download.File{}) }},
		{"a server that has moved", func() any { return gets(liar{404, "", ""}, download.File{}) }},
		{`download.Unpack(".")`, func() any { return fails(download.Unpack(background, ".", "", download.Options{})) }},
		{"an archive with ../a", func() any { return unpacks("a.zip", zipped("../a", nil)) }},
		{"an archive that is a web page", func() any { return unpacks("b.zip", "<html>") }},
		{"17 MiB of zeros, gzipped", func() any { return unpacks("c.gz", gzipped(make([]byte, 17<<20))) }},
		{`download.ByName("none")`, func() any { return fails(download.ByName("none")) }},
	}
}
