package main

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spikegrad/spikegrad/data/events"
	"github.com/spikegrad/spikegrad/plot"
)

const viewHelp = `usage: spikegrad events view IN -out FILE.gif|.png|.svg [flags]

Draws a recording. A .gif is a movie by windows of time, ON in blue and OFF in
orange. A .png or .svg is, by -show,

  cloud    the events in space and time
  frames   windows of time in rows
  rate     how many events a second there are

  spikegrad events view recording.raw -out movie.gif -window 10ms
  spikegrad events view recording.raw -out cloud.png -from 1 -to 1.2

Sensors wider than 640 pixels are drawn at a half, a third, … of their size.

`

// mostPixels bounds the memory of frames.
const mostPixels = 32 << 20

func view(args []string, out, _ io.Writer) error {
	fs := command("view", viewHelp, out)
	file := fs.String("out", "", "`file` to draw to: .gif, .png or .svg")
	show := fs.String("show", "cloud", "what a .png or .svg `shows`: cloud, frames or rate")
	window := fs.Duration("window", 0, "`time` of a frame; 0 makes 60 of a movie and 12 of a picture")
	long := fs.Float64("seconds", 5, "`length` of a movie, s")
	title := fs.String("title", "", "title of the picture; the name of the file if not given")
	var from reading
	var by changing
	by.flags(fs)
	from.flags(fs)
	files, err := parse(fs, args)
	if err != nil {
		return err
	}
	ext := strings.ToLower(filepath.Ext(*file))
	switch {
	case len(files) != 1:
		return wrong("%d files are named, want one", len(files))
	case !slices.Contains([]string{".gif", ".png", ".svg"}, ext):
		return wrong("-out is %q, want the name of a .gif, .png or .svg", *file)
	case !slices.Contains([]string{"cloud", "frames", "rate"}, *show):
		return wrong("-show is %q, want cloud, frames or rate", *show)
	case *window < 0 || *window%time.Microsecond != 0:
		return wrong("-window is %v, want whole µs", *window)
	}
	o, err := from.options()
	if err != nil {
		return err
	}
	ts, err := by.transforms()
	if err != nil {
		return err
	}
	if *title == "" {
		*title = filepath.Base(files[0])
	}
	rec, es, err := drawable(files[0], o, ts)
	if err != nil {
		return err
	}
	if ext == ".gif" {
		return movie(*file, *title, rec, es, *window, *long)
	}
	var fig plot.Figure
	switch *show {
	case "cloud":
		fig, err = plot.EventCloud(*title, rec.Width, rec.Height, es)
	case "rate":
		fig, err = plot.EventRate(*title, window.Seconds(), es)
	case "frames":
		var frames []plot.EventFrame[float32]
		if frames, err = framesOf(rec, es, *window, 12); err == nil {
			fig, err = plot.EventFrames(*title, rec.Width, rec.Height, 4, frames...)
		}
	}
	if err != nil {
		return err
	}
	return drawn(*file, func(dir string) (string, error) {
		return filepath.Join(dir, "picture"+ext), plot.Save(dir, "picture", fig)
	})
}

// drawable returns a recording as pictures take it, in memory: upright, in order, from
// time 0 on, on at most 640 columns.
func drawable(path string, o events.Options, ts []events.Transform) (rec events.Recording, es []events.Event, err error) {
	r, err := known(path, o)
	if err != nil {
		return rec, nil, err
	}
	defer r.Close()
	rec = r.Recording()
	if rec.BottomUp { // pictures have the first row at the top
		ts = append(ts, events.FlipY())
	}
	if rec, err = events.Apply(rec, append(ts, events.Normalise())...); err != nil {
		return rec, nil, err
	}
	if k := (rec.Width + 639) / 640; k > 1 {
		if rec, err = events.Apply(rec, events.Downsample(k)); err != nil {
			return rec, nil, err
		}
	}
	if es, err = events.Collect(rec, nil); err != nil {
		return rec, nil, err
	}
	if len(es) == 0 {
		return rec, nil, fmt.Errorf("%s: there are no events to draw", path)
	}
	slices.SortStableFunc(es, func(a, b events.Event) int { return cmp.Compare(a.T, b.T) })
	return events.Of(es, rec.Width, rec.Height), es, nil
}

// framesOf cuts events, the first of them at 0, into frames: about n of them if no window is given.
func framesOf(rec events.Recording, es []events.Event, window time.Duration, n int) ([]plot.EventFrame[float32], error) {
	span := es[len(es)-1].T - es[0].T + 1
	if window == 0 {
		window = time.Duration((span+int64(n)-1)/int64(n)) * time.Microsecond
	}
	count := (span + window.Microseconds() - 1) / window.Microseconds()
	if most := min(int64(mostPixels/(rec.Width*rec.Height)), 1000); count > most {
		return nil, fmt.Errorf("%d frames of %v with %d x %d pixels, want at most %d: give a longer -window, or -from, -to, -crop or -downsample", count, window, rec.Width, rec.Height, most)
	}
	var out []plot.EventFrame[float32]
	for f, err := range events.Frames(rec, events.ByTime(rec, window, window), false) {
		if err != nil {
			return nil, err
		}
		caption := time.Duration(f.From) * time.Microsecond
		out = append(out, plot.EventFrame[float32]{Counts: slices.Clone(f.Counts), Caption: fmt.Sprintf("%.5g ms", float64(caption)/1e6)})
	}
	return out, nil
}

// movie draws a .gif.
func movie(file, title string, rec events.Recording, es []events.Event, window time.Duration, long float64) error {
	frames, err := framesOf(rec, es, window, 60)
	if err != nil {
		return err
	}
	if len(frames) == 1 {
		return fmt.Errorf("one frame of %v is no movie: give a shorter -window", window)
	}
	m, err := plot.EventMovie(title, rec.Width, rec.Height, long, frames...)
	if err != nil {
		return err
	}
	return drawn(file, func(dir string) (string, error) {
		return filepath.Join(dir, "movie.gif"), plot.SaveGIF(dir, "movie", m)
	})
}

// drawn moves what save has written to a folder beside file to its place.
func drawn(file string, save func(dir string) (string, error)) error {
	dir, err := os.MkdirTemp(filepath.Dir(file), ".spikegrad-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	path, err := save(dir)
	if err != nil {
		return err
	}
	return os.Rename(path, file)
}
