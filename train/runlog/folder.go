package runlog

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/metrics"
	"sync/atomic"
	"time"

	"github.com/spikegrad/spikegrad/data"
	"github.com/spikegrad/spikegrad/diagnose"
	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/internal/files"
	"github.com/spikegrad/spikegrad/train"
)

// A Folder is a train.Observer that writes down what happens in a training. The
// package comment lists the files. A Folder serves one training at a time.
//
// Where the folder holds the files of an earlier training and this one begins
// anew, they are moved to the folder earlier in it, where a Trainer puts
// checkpoints as well; the next training that begins anew replaces them.
type Folder struct {
	Dir   string // made if need be
	Title string // of the report; "" means the name of the folder
	Every int    // batches from one line of the log to the next; 0 means 1

	// Data is what the report shows the network with: confusion matrix, rasters,
	// firing rates, costs. Nil means the validation set, or without one the
	// samples that are trained on.
	Data    data.Dataset
	Classes []string // names of the classes; without them they are numbers
	Dt      float64  // time step, s; 0 means 1e-3

	Config map[string]any // more settings to be written down: those of the data, or the flags of a program
	Resume string         // the command that goes on with the training, for the report

	NoEvents, NoReport bool // write no files for TensorBoard, no report

	s        train.Session
	info     runInfo
	log      *appender
	events   *appender
	last     time.Time // of the last line
	batches  int       // in an epoch
	seen     history
	lock     *files.Lock
	busy     atomic.Bool   // between Begin and End
	reported time.Time     // when the last report was ready
	cost     time.Duration // of the last report

	unreported bool // the last report could not be written, and the warning was given
}

var _ train.Observer = (*Folder)(nil)

// The files of a folder.
const (
	logFile    = "log.jsonl"
	eventFile  = "events.out.tfevents.0"
	infoFile   = "run.json"
	reportFile = "report.html"
	earlier    = "earlier" // a folder
	lockFile   = "log.lock"
)

func (f *Folder) path(name string) string { return filepath.Join(f.Dir, name) }

func (f *Folder) warn(err error) {
	if f.s.Warn != nil {
		f.s.Warn(fmt.Errorf("runlog: %w", err))
	}
}

// Begin opens the files of the folder, and cuts off what is behind the place
// where the training goes on. An error says which file cannot be opened, or which
// setting is wrong, or that a training writes to the folder already.
func (f *Folder) Begin(s train.Session) error {
	switch {
	case f == nil:
		return errors.New("runlog: the folder is nil")
	case s.Trainer == nil || s.Trainer.Model == nil:
		return errors.New("runlog: the session has no trainer with a model")
	case !f.busy.CompareAndSwap(false, true):
		return fmt.Errorf("runlog: the Folder of %s serves a training already: give each one of its own", f.Dir)
	}
	if err := f.begin(s); err != nil {
		f.close()
		return fmt.Errorf("runlog: %w", err)
	}
	return nil
}

func (f *Folder) begin(s train.Session) error {
	switch {
	case f.Dir == "":
		return errors.New("the folder has no name: Dir is empty")
	case f.Every < 0:
		return fmt.Errorf("a line every %d batches, want at least 1", f.Every)
	case !(f.Dt >= 0):
		return fmt.Errorf("the time step is %v s, want a number above 0", f.Dt)
	}
	if err := os.MkdirAll(f.Dir, 0o777); err != nil {
		return err
	}
	var err error
	if f.lock, err = files.Acquire(f.path(lockFile)); err != nil {
		return fmt.Errorf("a training writes to %s: %w; end it or let it end, or write to another folder", f.Dir, err)
	}
	f.s, f.seen, f.reported, f.cost, f.unreported = s, history{}, time.Time{}, 0, false
	f.batches = max(s.Steps/max(s.Trainer.Epochs, 1), 1)
	f.last = time.Now()
	if f.anew() {
		if err := f.setAside(); err != nil {
			return err
		}
	}
	size, err := f.recover()
	if err != nil {
		return err
	}
	if f.log, err = openAppender(f.path(logFile), logFile, size, f.warn); err != nil {
		return err
	}
	if err := f.openEvents(); err != nil {
		return err
	}
	return f.openInfo()
}

// open reports whether the folder is between Begin and End: what comes outside of
// a training is not written down.
func (f *Folder) open() bool { return f != nil && f.log != nil }

// anew reports whether the training begins here.
func (f *Folder) anew() bool { return f.s.Step == 0 && f.s.Epoch == 0 }

// setAside moves the files of an earlier training out of the way.
func (f *Folder) setAside() error {
	for _, name := range []string{logFile, eventFile, infoFile, reportFile} {
		if _, err := os.Stat(f.path(name)); errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err := os.MkdirAll(f.path(earlier), 0o777); err != nil {
			return err
		}
		if err := os.Rename(f.path(name), filepath.Join(f.path(earlier), name)); err != nil {
			return err
		}
	}
	return nil
}

// recover reads the log of the part of the training that is behind us, if there
// is one, and returns its size in bytes.
func (f *Folder) recover() (int64, error) {
	if f.anew() {
		return 0, nil
	}
	path := f.path(logFile)
	file, _, err := files.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		f.warn(fmt.Errorf("the training goes on after %d batches, and there is no %s of them", f.s.Step, path))
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	defer file.Close()
	next := 0 // batch behind those in the log
	size, err := scan(file, func(l line) bool {
		switch {
		case l.batch != nil && l.batch.Step < f.s.Step:
			next = l.batch.Step + 1
			f.seen.batch(*l.batch)
		case l.epoch != nil && l.epoch.Epoch < f.s.Epoch:
			f.seen.epoch(*l.epoch)
		case l.diagnosis != nil && l.diagnosis.Epochs <= f.s.Epoch:
			f.seen.diagnosis(*l.diagnosis)
		default:
			return false
		}
		return true
	})
	if err != nil {
		f.warn(fmt.Errorf("%s is damaged and cut off there: %w", path, err))
	}
	if gap := f.s.Step - next; gap >= f.every() {
		f.warn(fmt.Errorf("%s ends before batch %d, and the training goes on at %d", path, next, f.s.Step))
	}
	return size, nil
}

func (f *Folder) every() int { return max(f.Every, 1) }

// openEvents opens the file for TensorBoard.
func (f *Folder) openEvents() error {
	if f.NoEvents {
		return nil
	}
	var size int64
	if old, _, err := files.Open(f.path(eventFile)); err == nil {
		size = scanEvents(old, f.s.Step, f.s.Epoch*f.batches)
		old.Close()
	}
	var err error
	if f.events, err = openAppender(f.path(eventFile), eventFile, size, f.warn); err != nil {
		return err
	}
	if size == 0 {
		f.events.add(event{at: time.Now(), version: eventVersion}.encode())
	}
	return nil
}

// Batch writes the line of a batch.
func (f *Folder) Batch(b train.Batch) {
	if !f.open() || b.Step%f.every() != 0 {
		return
	}
	l := newBatch(b, f.clock(time.Time{}))
	f.add(line{batch: l})
	f.seen.batch(*l)
	if f.events != nil {
		f.events.add(batchEvent(*l).encode())
	}
}

// add writes a line to the log.
func (f *Folder) add(l line) {
	b, err := l.encode()
	if err != nil {
		f.warn(err) // a number that is not finite
		return
	}
	f.log.add(b)
}

// clock returns the time and the memory in use, and the seconds since a moment,
// or since the last line.
func (f *Folder) clock(since time.Time) Clock {
	now := time.Now()
	if since.IsZero() {
		since = f.last
		f.last = now
	}
	return Clock{Time: now.UTC(), Seconds: now.Sub(since).Seconds(), Memory: memory()}
}

// memory returns the bytes that the Go runtime holds.
func memory() uint64 {
	s := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	metrics.Read(s)
	for _, x := range s {
		if x.Value.Kind() != metrics.KindUint64 {
			return 0
		}
	}
	return s[0].Value.Uint64() - s[1].Value.Uint64()
}

// Diagnosis writes the line of an examination by the Doctor.
func (f *Folder) Diagnosis(epochs int, found []diagnose.Finding) {
	if !f.open() {
		return
	}
	l := newDiagnosis(epochs, found, f.clock(time.Time{}))
	f.add(line{diagnosis: l})
	f.seen.diagnosis(*l)
}

// Epoch writes the line of an epoch, and the report anew if that does not take
// too much of the time.
func (f *Folder) Epoch(e train.Epoch) {
	if !f.open() {
		return
	}
	l := newEpoch(e, (e.Epoch+1)*f.batches, f.clock(time.Now().Add(-e.Duration)))
	f.add(line{epoch: l})
	f.seen.epoch(*l)
	if f.events != nil {
		f.events.add(epochEvent(*l, f.weights(histogramBins)).encode())
	}
	// A report may take a twentieth of the time between two of them.
	if !f.NoReport && time.Since(f.reported) >= 20*f.cost {
		f.report("running")
	}
	f.last = time.Now()
}

// histogramBins is the number of bins for TensorBoard, which is what its own
// writers use.
const histogramBins = 30

// weights returns the distribution of the values of each parameter.
func (f *Folder) weights(bins int) []namedHistogram {
	var hs []namedHistogram
	for _, p := range f.s.Trainer.Model.Params() {
		name := p.Name()
		if c := p.Constraint(); c != (graph.Constraint{}) {
			name += fmt.Sprintf(" (within %v)", c)
		}
		hs = append(hs, namedHistogram{name, newHistogram(elements(p.Values()), bins)})
	}
	return hs
}

// Sync sees to it that the log so far is on the disk.
func (f *Folder) Sync() {
	if !f.open() {
		return
	}
	f.log.sync()
	if f.events != nil {
		f.events.sync()
	}
}

// End writes the report and closes the files.
func (f *Folder) End(r train.Result, err error) {
	if !f.open() {
		return
	}
	state := outcome(r, err)
	f.Sync()
	f.info.end(state)
	f.writeInfo()
	if !f.NoReport {
		f.report(state)
	}
	f.close()
}

func (f *Folder) close() {
	for _, a := range []*appender{f.log, f.events} {
		if a != nil {
			a.close()
		}
	}
	f.log, f.events = nil, nil
	f.lock.Release()
	f.lock = nil
	f.busy.Store(false)
}
