package recordings

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"slices"
	"sync"

	"github.com/spikegrad/spikegrad/data/events"
	"github.com/spikegrad/spikegrad/internal/files"
	"github.com/spikegrad/spikegrad/internal/h5"
)

// An SHD is a file of the Spiking Heidelberg Digits or the Spiking Speech Commands:
// spoken words as the spikes of 700 channels of an artificial inner ear. It may be read
// by several goroutines at once.
//
// B. Cramer et al., IEEE Transactions on Neural Networks and Learning Systems 33
// (2022), 2744.
type SHD struct {
	Keys     []string // the words, by their classes; nil if the file does not say
	Labels   []int    // the class of every recording
	Speakers []int    // who says it; nil if the file does not say

	path         string
	file         *os.File
	mu           sync.Mutex // of the data sets, which remember where they read last
	times, units *h5.Dataset
}

const shdPage = "https://zenkelab.org/datasets"

// shdChannels is how many channels a recording has.
const shdChannels = 700

// OpenSHD opens a file in the layout of SHD and SSC, unpacked: an HDF5 file with
//
//	/spikes/times  [n] rows of times, s
//	/spikes/units  [n] rows of channels, 0 to 699
//	/labels        [n] classes
//	/extra/keys, /extra/speaker
//
// of which the last two may be missing. The caller closes it.
func OpenSHD(path string) (*SHD, error) {
	f, info, err := files.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("recordings: shd: %w: the authors offer the files at %s", err, shdPage)
	}
	if err != nil {
		return nil, fmt.Errorf("recordings: shd: %w", err)
	}
	d := &SHD{file: f, path: path}
	if err := d.open(info.Size()); err != nil {
		f.Close()
		return nil, fmt.Errorf("recordings: shd: %s: %w", path, err)
	}
	return d, nil
}

func (d *SHD) open(size int64) error {
	f, err := h5.Open(d.file, size)
	if err != nil {
		return err
	}
	if d.times, err = f.Read("/spikes/times"); err != nil {
		return err
	}
	if d.units, err = f.Read("/spikes/units"); err != nil {
		return err
	}
	if d.Labels, err = shdInts(f, "/labels"); err != nil {
		return err
	}
	n := len(d.Labels)
	if d.times.Len() != n || d.units.Len() != n {
		return fmt.Errorf("there are %d rows of times, %d of channels and %d labels, want as many of each", d.times.Len(), d.units.Len(), n)
	}
	if d.Speakers, err = shdInts(f, "/extra/speaker"); err != nil && !errors.Is(err, h5.ErrNotFound) {
		return err
	}
	if d.Speakers != nil && len(d.Speakers) != n {
		return fmt.Errorf("there are %d speakers and %d labels, want as many of both", len(d.Speakers), n)
	}
	keys, err := f.Read("/extra/keys")
	if err == nil {
		d.Keys, err = keys.Strings()
	}
	if err != nil && !errors.Is(err, h5.ErrNotFound) {
		return err
	}
	for i, l := range d.Labels {
		if l < 0 || d.Keys != nil && l >= len(d.Keys) {
			return fmt.Errorf("label %d is %d, of %d classes", i, l, len(d.Keys))
		}
	}
	return nil
}

func shdInts(f *h5.File, path string) ([]int, error) {
	d, err := f.Read(path)
	if err != nil {
		return nil, err
	}
	vs, err := d.Ints()
	if err != nil {
		return nil, err
	}
	out := make([]int, len(vs))
	for i, v := range vs {
		if v < math.MinInt32 || v > math.MaxInt32 {
			return nil, fmt.Errorf("%s: element %d is %d", path, i, v)
		}
		out[i] = int(v)
	}
	return out, nil
}

// Len returns the number of recordings.
func (d *SHD) Len() int { return len(d.Labels) }

// Recording returns recording i, of 700 × 1 channels, in the order of the file. Times
// are µs, without what is left below one, as tonic has them; the file has them as
// float16, of which those near 1 s are about 0.5 to 1 ms apart. All events are ON.
func (d *SHD) Recording(i int) (events.Recording, error) {
	if i < 0 || i >= d.Len() {
		return events.Recording{}, fmt.Errorf("recordings: shd: recording %d asked for, want 0 to %d", i, d.Len()-1)
	}
	d.mu.Lock()
	ts, err := d.times.Row(i)
	us, err2 := d.units.Row(i)
	d.mu.Unlock()
	if err = cmp.Or(err, err2); err != nil {
		return events.Recording{}, fmt.Errorf("recordings: shd: %w", err)
	}
	if len(ts) != len(us) {
		return events.Recording{}, fmt.Errorf("recordings: shd: recording %d has %d times and %d channels, want as many of both", i, len(ts), len(us))
	}
	es := make([]events.Event, len(ts))
	for k, t := range ts {
		u := us[k]
		if !(t >= 0 && t < 1e6) || u != math.Trunc(u) || !(u >= 0 && u < shdChannels) {
			return events.Recording{}, fmt.Errorf("recordings: shd: recording %d: event %d is at %v s in channel %v, want 0 to 10⁶ s and 0 to %d", i, k, t, u, shdChannels-1)
		}
		es[k] = events.Event{T: int64(t * 1e6), X: uint16(u), On: true}
	}
	return events.Of(es, shdChannels, 1), nil
}

// Dataset returns the data set of some recordings, by their numbers, or of all if which
// is nil. Its samples have the shape [Steps, 700], or of as many channels as Transform
// leaves; all spikes are ON, and Bins.Merge is set. The file must stay open as long as
// it is read.
func (d *SHD) Dataset(which []int, p Params) (*Dataset, error) {
	if which == nil {
		for i := range d.Len() {
			which = append(which, i)
		}
	}
	labels := make([]int, len(which))
	for k, i := range which {
		if i < 0 || i >= d.Len() {
			return nil, fmt.Errorf("recordings: shd: recording %d asked for, want 0 to %d", i, d.Len()-1)
		}
		labels[k] = d.Labels[i]
	}
	if p.Classes == 0 {
		p.Classes = len(d.Keys)
	}
	p.Bins.Merge = true
	set, err := newOf(shdShelf{d, slices.Clone(which)}, labels, p)
	if err != nil {
		return nil, err
	}
	set.flat = true
	return set, nil
}

// A shdShelf is some recordings of a file.
type shdShelf struct {
	d     *SHD
	which []int
}

func (s shdShelf) name(i int) string { return fmt.Sprintf("recording %d of %s", s.which[i], s.d.path) }

func (s shdShelf) file(i int) (path, part string) { return s.d.path, fmt.Sprint(s.which[i]) }

func (s shdShelf) open(i int, _ *Params) (events.Recording, func() error, error) {
	rec, err := s.d.Recording(s.which[i])
	return rec, func() error { return nil }, err
}

// Close closes the file.
func (d *SHD) Close() error { return d.file.Close() }
