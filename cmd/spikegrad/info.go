package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/spikegrad/spikegrad/data/events"
)

const infoHelp = `usage: spikegrad events info FILE... [flags]

Reads recordings to their end and says what they hold, one "name: value" a line:

  format       as "events formats" lists them
  sensor       width x height in pixels; if no one knows, that of the events
  geometry     where the size of the sensor is from
  events       how many
  first, last  the earliest and the latest time, µs
  on           share of the events that are ON
  rate         events a second, from the first to the last
  backwards    events that are earlier than the one before them
  wraps        how often the counter of the time began anew
  skipped      words that should have been events and were left out; if there are
               any, lines follow that say why
  other        words of other kinds: triggers, frames, inertial sensors

What is damaged gives a line "error", after what could be read, and exit code 1.

`

// A report is what info says of a file.
type report struct {
	File      string  `json:"file"`
	Format    string  `json:"format,omitempty"`
	Detail    string  `json:"detail,omitempty"`
	Sensor    string  `json:"sensor,omitempty"`
	Geometry  string  `json:"geometry,omitempty"`
	Events    int64   `json:"events"`
	First     int64   `json:"first"`
	Last      int64   `json:"last"`
	On        float64 `json:"on"`
	Rate      float64 `json:"rate"`
	Backwards int64   `json:"backwards"`
	Wraps     int64   `json:"wraps"`
	Skipped   int64   `json:"skipped"`
	Early     int64   `json:"early,omitempty"`
	Invalid   int64   `json:"invalid,omitempty"`
	Unknown   int64   `json:"unknown,omitempty"`
	Outside   int64   `json:"outside,omitempty"`
	Other     int64   `json:"other"`
	Error     string  `json:"error,omitempty"`
}

// inspect reads a file to its end.
func inspect(path string, o events.Options) (report, error) {
	rep := report{File: path}
	r, err := events.Open(path, o)
	if err != nil {
		rep.Error = err.Error()
		return rep, err
	}
	defer r.Close()
	buf := make([]events.Event, 4096)
	for err == nil {
		_, err = r.Read(buf)
	}
	s := r.Summary()
	w, h, from := r.Sensor()
	rep.Format, rep.Detail, rep.Geometry = r.Format(), r.Detail(), from
	if w == 0 {
		w, h, rep.Geometry = s.Width, s.Height, "that of the events"
	}
	rep.Sensor = fmt.Sprintf("%dx%d", w, h)
	rep.Events, rep.First, rep.Last, rep.Backwards, rep.Wraps = s.Events, s.First, s.Last, s.Backwards, s.Wraps
	if s.Events > 0 {
		rep.On = float64(s.On) / float64(s.Events)
	}
	if s.Last > s.First {
		rep.Rate = float64(s.Events) * 1e6 / float64(s.Last-s.First)
	}
	k := s.Skipped
	rep.Skipped, rep.Early, rep.Invalid, rep.Unknown, rep.Outside, rep.Other = k.Total(), k.Early, k.Invalid, k.Unknown, k.Outside, k.Other
	if !errors.Is(err, io.EOF) {
		rep.Error = err.Error()
		return rep, err
	}
	return rep, nil
}

// print writes a line for everything that is known.
func (r report) print(out io.Writer) {
	line := func(name string, v any, always bool) {
		if s := fmt.Sprint(v); always || s != "" && s != "0" {
			fmt.Fprintf(out, "%s: %s\n", name, s)
		}
	}
	read := r.Format != ""
	line("file", r.File, true)
	line("format", r.Format, false)
	line("detail", r.Detail, false)
	line("sensor", r.Sensor, false)
	line("geometry", r.Geometry, false)
	line("events", r.Events, read)
	line("first", r.First, read)
	line("last", r.Last, read)
	if read {
		line("on", fmt.Sprintf("%.4f", r.On), true)
		line("rate", fmt.Sprintf("%.0f", r.Rate), true)
	}
	line("backwards", r.Backwards, read)
	line("wraps", r.Wraps, read)
	line("skipped", r.Skipped, read)
	line("skipped before the first time", r.Early, false)
	line("skipped as not valid", r.Invalid, false)
	line("skipped as unknown", r.Unknown, false)
	line("skipped outside of the sensor", r.Outside, false)
	line("other", r.Other, read)
	line("error", r.Error, false)
}

func info(args []string, out, _ io.Writer) error {
	fs := command("info", infoHelp, out)
	var from reading
	from.flags(fs)
	asJSON := fs.Bool("json", false, "an object of JSON a line, with the same names")
	files, err := parse(fs, args)
	if err != nil {
		return err
	}
	if len(files) == 0 {
		return wrong("no file is named")
	}
	o, err := from.options()
	if err != nil {
		return err
	}
	bad := 0
	var last error
	for i, path := range files {
		rep, err := inspect(path, o)
		if err != nil {
			bad, last = bad+1, err
		}
		if *asJSON {
			b, err := json.Marshal(rep)
			if err != nil {
				return err
			}
			fmt.Fprintf(out, "%s\n", b)
			continue
		}
		if i > 0 {
			fmt.Fprintln(out)
		}
		rep.print(out)
	}
	if bad > 1 {
		return fmt.Errorf("%d of %d files could not be read to their end", bad, len(files))
	}
	return last
}
