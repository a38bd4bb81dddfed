package main

import (
	"flag"
	"fmt"
	"io"
	"time"

	"github.com/spikegrad/spikegrad/data/events"
)

const convertHelp = `usage: spikegrad events convert IN OUT [flags]

Writes a recording in another format, by the end of OUT: .bin (N-MNIST), .csv,
.es (Event Stream), .npy (NumPy, with fields t, x, y, p) or .raw (EVT 2.0).
OUT appears whole or not at all.

  spikegrad events convert gesture.aedat cut.npy -from 1.5 -to 3 -crop 32,32,64,64
  spikegrad events convert recording.raw small.csv -downsample 4 -denoise 5ms

What the flags ask for is done in this order: from and to, crop, downsample,
flipx, flipy, transpose, rotate, denoise, refractory, drop, normalise, sort.

`

// changing are the flags that change a recording.
type changing struct {
	from, to           float64
	crop               string
	downsample         int
	flipX, flipY, turn bool
	rotate             float64
	denoise, refract   time.Duration
	drop               float64
	seed               uint64
	normalise, sort    bool
}

func (c *changing) flags(fs *flag.FlagSet) {
	fs.Float64Var(&c.from, "from", 0, "leave out what is before so many `seconds` after the first event")
	fs.Float64Var(&c.to, "to", 0, "leave out what is so many `seconds` after the first event, or later; 0 leaves all in")
	fs.StringVar(&c.crop, "crop", "", "keep a rectangle, `x,y,w,h`")
	fs.IntVar(&c.downsample, "downsample", 1, "make one pixel of `n` x n")
	fs.BoolVar(&c.flipX, "flipx", false, "mirror left and right")
	fs.BoolVar(&c.flipY, "flipy", false, "mirror up and down")
	fs.BoolVar(&c.turn, "transpose", false, "swap x and y")
	fs.Float64Var(&c.rotate, "rotate", 0, "turn by so many `degrees`, clockwise")
	fs.DurationVar(&c.denoise, "denoise", 0, "keep events with one beside them in the `time` before, as 5ms")
	fs.DurationVar(&c.refract, "refractory", 0, "drop events of a pixel within a `time` of its last one, as 1ms")
	fs.Float64Var(&c.drop, "drop", 0, "drop each event with a `probability`")
	fs.Uint64Var(&c.seed, "seed", 1, "seed of what is random")
	fs.BoolVar(&c.normalise, "normalise", false, "let times begin at 0")
	fs.BoolVar(&c.sort, "sort", false, "put events in the order of their times")
}

// transforms returns what the flags ask for.
func (c *changing) transforms() (ts []events.Transform, err error) {
	const most = 1e9 // seconds
	switch {
	case !(c.from >= 0 && c.from < most && c.to >= 0 && c.to < most) || c.to != 0 && c.to < c.from:
		return nil, wrong("from %v s to %v s, want them in order, and 0 or more", c.from, c.to)
	case c.from > 0 || c.to > 0:
		to := c.to
		if to == 0 {
			to = most
		}
		ts = append(ts, events.Excerpt(seconds(c.from), seconds(to)))
	}
	if c.crop != "" {
		var x, y, w, h int
		if n, err := fmt.Sscanf(c.crop+"\n", "%d,%d,%d,%d\n", &x, &y, &w, &h); n != 4 || err != nil {
			return nil, wrong("-crop is %q, want x,y,w,h", c.crop)
		}
		ts = append(ts, events.Crop(x, y, w, h))
	}
	for _, t := range []struct {
		asked bool
		make  func() events.Transform
	}{
		{c.downsample != 1, func() events.Transform { return events.Downsample(c.downsample) }},
		{c.flipX, events.FlipX}, {c.flipY, events.FlipY}, {c.turn, events.Transpose},
		{c.rotate != 0, func() events.Transform { return events.Rotate(c.rotate) }},
		{c.denoise != 0, func() events.Transform { return events.Denoise(c.denoise) }},
		{c.refract != 0, func() events.Transform { return events.Refractory(c.refract) }},
		{c.drop != 0, func() events.Transform { return events.Drop(c.drop, c.seed) }},
		{c.normalise, events.Normalise}, {c.sort, events.Sort},
	} {
		if t.asked {
			ts = append(ts, t.make())
		}
	}
	return ts, nil
}

func seconds(s float64) time.Duration {
	return time.Duration(s*1e6+0.5) * time.Microsecond
}

// known returns the recording of a reader with the size of its sensor. Where the
// file does not say what that is and it is needed, the file is read twice.
func known(path string, o events.Options) (*events.Reader, error) {
	r, err := events.Open(path, o)
	if err != nil {
		return nil, err
	}
	if w, _, _ := r.Sensor(); w > 0 {
		return r, nil
	}
	for _, err := range r.All() {
		if err != nil {
			break // it comes again
		}
	}
	s := r.Summary()
	if err := r.Close(); err != nil {
		return nil, err
	}
	o.Width, o.Height = max(s.Width, 1), max(s.Height, 1)
	return events.Open(path, o)
}

func convert(args []string, out, errs io.Writer) error {
	fs := command("convert", convertHelp, out)
	var from reading
	var by changing
	by.flags(fs)
	from.flags(fs)
	to := fs.String("write", "", "`format` to write, if the end of OUT does not say: bin, csv, es, evt2 or npy")
	files, err := parse(fs, args)
	if err != nil {
		return err
	}
	if len(files) != 2 {
		return wrong("%d files are named, want IN and OUT", len(files))
	}
	o, err := from.options()
	if err != nil {
		return err
	}
	ts, err := by.transforms()
	if err != nil {
		return err
	}
	r, err := known(files[0], o)
	if err != nil {
		return err
	}
	defer r.Close()
	rec, err := events.Apply(r.Recording(), ts...)
	if err != nil {
		return err
	}
	n := int64(0)
	in := rec.Events
	rec.Events = func(yield func(events.Event, error) bool) {
		for e, err := range in {
			if err == nil {
				n++
			}
			if !yield(e, err) {
				return
			}
		}
	}
	if err := events.WriteFile(files[1], *to, rec); err != nil {
		return err
	}
	s := r.Summary()
	fmt.Fprintf(out, "%s: %d events of %d, %dx%d\n", files[1], n, s.Events, rec.Width, rec.Height)
	if k := s.Skipped.Total(); k > 0 {
		fmt.Fprintf(errs, "%s: %d words that should have been events were skipped: events info says why\n", files[0], k)
	}
	return nil
}
