package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/spikegrad/spikegrad/data"
	"github.com/spikegrad/spikegrad/data/events"
	"github.com/spikegrad/spikegrad/data/sound"
	"github.com/spikegrad/spikegrad/plot"
)

// A recording is a word of the Free Spoken Digit Dataset.
type recording struct {
	path    string
	digit   int
	speaker string
	number  int // of how often the speaker said it
	spikes  []data.Event
}

// find returns the recordings in a folder, digit_speaker_number.wav.
func find(dir string) (out []*recording, err error) {
	if dir == "" {
		return nil, errors.New("no data: give the folder with the WAV files of the Free Spoken Digit Dataset as -data DIR; its authors offer them at https://github.com/Jakobovski/free-spoken-digit-dataset")
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		name, ok := strings.CutSuffix(e.Name(), ".wav")
		parts := strings.Split(name, "_")
		if !ok || len(parts) != 3 {
			continue
		}
		digit, err1 := strconv.Atoi(parts[0])
		number, err2 := strconv.Atoi(parts[2])
		if err1 != nil || err2 != nil || digit < 0 || digit > 9 {
			continue
		}
		out = append(out, &recording{path: filepath.Join(dir, e.Name()), digit: digit, speaker: parts[1], number: number})
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("%s has no files called digit_speaker_number.wav", dir)
	}
	return out, nil
}

// speakers returns who speaks, in the order of their names.
func speakers(rs []*recording) (out []string) {
	for _, r := range rs {
		if !slices.Contains(out, r.speaker) {
			out = append(out, r.speaker)
		}
	}
	slices.Sort(out)
	return out
}

// hear turns all recordings into spikes, on all processors, and shows how far it is.
func hear(ctx context.Context, rs []*recording) error {
	progress := plot.NewProgress(os.Stderr, "listening", len(rs))
	defer progress.Done()
	todo := make(chan *recording)
	failed := make([]error, runtime.GOMAXPROCS(0))
	var wg sync.WaitGroup
	for k := range failed {
		wg.Go(func() {
			for r := range todo {
				if err := r.hear(); err != nil && failed[k] == nil {
					failed[k] = err
				}
			}
		})
	}
	for _, r := range rs {
		if ctx.Err() != nil {
			break
		}
		todo <- r
		progress.Step(1, "")
	}
	close(todo)
	wg.Wait()
	return errors.Join(append(failed, ctx.Err())...)
}

// bins are the time steps of a network.
var bins = events.Bins{Dt: dt, Steps: steps}

// hear turns a recording into spikes; all are made as loud as each other.
func (r *recording) hear() error {
	w, err := sound.OpenWAV(r.path)
	if err != nil {
		return err
	}
	defer w.Close()
	s, err := loud(w)
	if err != nil {
		return err
	}
	rec, err := sound.DefaultEar().ListenTo(s, w.Rate)
	if err != nil {
		return err
	}
	r.spikes, err = bins.Events(nil, rec)
	return err
}

// samples are a sound in memory.
type samples []float64

func (s *samples) Read(dst []float64) (int, error) {
	if len(*s) == 0 {
		return 0, io.EOF
	}
	n := copy(dst, *s)
	*s = (*s)[n:]
	return n, nil
}

// loud returns at most steps·dt of a sound, scaled such that its largest sample is 1/2.
func loud(w *sound.WAV) (*samples, error) {
	s := make(samples, int64(steps)*int64(dt)*int64(w.Rate)/int64(time.Second))
	n := 0
	for n < len(s) {
		k, err := w.Read(s[n:])
		n += k
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
	}
	s = s[:n]
	peak := 0.0
	for _, v := range s {
		peak = max(peak, math.Abs(v))
	}
	for i := range s {
		if peak > 0 {
			s[i] *= 0.5 / peak
		}
	}
	return &s, nil
}

// dataset returns the recordings that keep chooses.
func dataset(rs []*recording, keep func(*recording) bool) (*data.Events, error) {
	var spikes [][]data.Event
	var labels []int
	for _, r := range rs {
		if keep(r) {
			spikes, labels = append(spikes, r.spikes), append(labels, r.digit)
		}
	}
	return data.NewEvents([]int{steps, inputs}, spikes, labels)
}
