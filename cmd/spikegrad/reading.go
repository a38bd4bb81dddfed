package main

import (
	"flag"
	"fmt"
	"io"
	"time"

	"github.com/spikegrad/spikegrad/data/events"
)

// reading are the flags that say what a file does not.
type reading struct {
	o      events.Options
	sensor string
}

func (r *reading) flags(fs *flag.FlagSet) {
	fs.StringVar(&r.o.Format, "format", "", "`format` of the input, as events formats lists them; found by its first bytes if not given")
	fs.StringVar(&r.sensor, "sensor", "", "size of the sensor, as `WxH`, where the file does not say or is wrong")
	fs.StringVar(&r.o.Camera, "camera", "", "`camera` of an AEDAT 2.0 file: DVS128, DAVIS240 or DAVIS346")
	fs.BoolVar(&r.o.Raw, "raw", false, "addresses of AEDAT 2.0 as they are, neither mirrored nor turned")
	fs.StringVar(&r.o.Columns, "columns", "", "what the `columns` of text or of an array are, as x,y,p,t, if it has no names")
	fs.DurationVar(&r.o.Unit, "unit", time.Microsecond, "unit of times in text, NumPy and MATLAB files, as `1ms`")
}

// options returns what was given.
func (r *reading) options() (events.Options, error) {
	if r.sensor != "" {
		if n, err := fmt.Sscanf(r.sensor+"\n", "%dx%d\n", &r.o.Width, &r.o.Height); n != 2 || err != nil || r.o.Width < 1 || r.o.Height < 1 {
			return r.o, wrong("-sensor is %q, want WxH, as 640x480", r.sensor)
		}
	}
	if r.o.Unit <= 0 {
		return r.o, wrong("-unit is %v, want more than 0", r.o.Unit)
	}
	return r.o, nil
}

func formats(args []string, out, _ io.Writer) error {
	fs := command("formats", "usage: spikegrad events formats\n\nLists the formats that are read and written.\n", out)
	if files, err := parse(fs, args); err != nil {
		return err
	} else if len(files) > 0 {
		return wrong("%q is too much", files[0])
	}
	for _, f := range events.Formats() {
		how := "read"
		if f.Writes {
			how = "read, written"
		}
		if f.Name != "evt" { // what is refused
			fmt.Fprintf(out, "%-8s %-14s %s\n", f.Name, how, f.Title)
		}
	}
	return nil
}
