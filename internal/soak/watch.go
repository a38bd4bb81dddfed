package main

import (
	"errors"
	"fmt"
	"math"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/spikegrad/spikegrad/train"
)

// An interval is what was measured at the end of a stretch of time.
type interval struct {
	steps      int
	epochs     int           // since the beginning
	quick      time.Duration // what the quickest tenth of the steps stayed below: other programs make a step slower, never quicker
	median     time.Duration
	heap       uint64 // bytes that are in use, after a collection
	resident   uint64 // bytes of the process in memory; 0 where the system does not say
	goroutines int
	files      int // open, −1 where the system does not say
}

// A watch looks at the process while it trains.
type watch struct {
	every     time.Duration
	next      time.Time
	last      time.Time // end of the last step; zero after something else than a step
	times     []time.Duration
	epochs    int
	intervals []interval
}

func newWatch(every time.Duration) *watch {
	fmt.Println("  time     steps   µs/step (tenth, median)   heap kB   resident MB   goroutines   files")
	return &watch{every: every, next: time.Now().Add(every), times: make([]time.Duration, 0, 1<<20)}
}

// epoch is called after every epoch.
func (w *watch) epoch() { w.epochs++; w.pause() }

// pause is called when something else than a step has taken time.
func (w *watch) pause() { w.last = time.Time{} }

// batch is called after every step.
func (w *watch) batch(train.Batch) {
	now := time.Now()
	if !w.last.IsZero() && len(w.times) < cap(w.times) {
		w.times = append(w.times, now.Sub(w.last))
	}
	w.last = now
	if now.Before(w.next) {
		return
	}
	w.end()
	w.next = time.Now().Add(w.every)
	w.pause()
}

// end ends an interval.
func (w *watch) end() {
	if len(w.times) == 0 {
		return
	}
	i := interval{steps: len(w.times), epochs: w.epochs, goroutines: runtime.NumGoroutine(), files: openFiles(), resident: resident()}
	slices.Sort(w.times)
	i.quick, i.median = w.times[len(w.times)/10], w.times[len(w.times)/2]
	w.times = w.times[:0]
	runtime.GC()
	runtime.GC() // frees what the first one found to be finalised
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	i.heap = m.HeapAlloc
	w.intervals = append(w.intervals, i)
	fmt.Printf("%6v %9d %11d %11d %12d %13.1f %12d %7d\n", (time.Duration(len(w.intervals)) * w.every).Round(time.Second), i.steps,
		i.quick.Microseconds(), i.median.Microseconds(), i.heap/1000, float64(i.resident)/1e6, i.goroutines, i.files)
}

// perEpoch is what the history of a training, which Run returns, may take for an
// epoch, in bytes.
const perEpoch = 1500

// judge returns an error that names what grew between the first third of the time
// and the last, warming up apart: a tenth of the time, and the first epoch, whose
// validation makes memory that is kept. The heap may grow by 1 % and the history, a
// step may become slower by drift.
func (w *watch) judge(drift float64) error {
	warm := len(w.intervals) / 10
	for warm < len(w.intervals) && w.intervals[warm].epochs == 0 {
		warm++
	}
	rest := w.intervals[warm:]
	if len(rest) < 6 {
		return fmt.Errorf("%d intervals were measured, %d of them behind the first epoch, want at least 6; take a longer time", len(w.intervals), len(rest))
	}
	third := len(rest) / 3
	first, last := rest[:third], rest[len(rest)-third:]
	var errs []error
	grew := func(what string, allowed float64, of func(interval) float64) float64 {
		a, b := middle(first, of), middle(last, of)
		if b > a+allowed {
			errs = append(errs, fmt.Errorf("%s grew from %.0f to %.0f", what, a, b))
		}
		return b/a - 1
	}
	heap := func(i interval) float64 { return float64(i.heap) }
	epochs := func(i interval) float64 { return float64(i.epochs) }
	history := perEpoch * (middle(last, epochs) - middle(first, epochs))
	grown := grew("the heap", 0.01*middle(first, heap)+history, heap)
	grew("the number of goroutines", 0, func(i interval) float64 { return float64(i.goroutines) })
	grew("the number of open files", 0, func(i interval) float64 { return float64(i.files) })
	step := func(i interval) float64 { return float64(i.quick) }
	allowed := math.Inf(1)
	if drift > 0 {
		allowed = drift * middle(first, step)
	}
	slower := grew("the time of a step (ns)", allowed, step)
	total := 0
	for _, i := range w.intervals {
		total += i.steps
	}
	fmt.Printf("%d steps; from the first to the last third of the time the heap changed by %+.2f %%, the time of a step by %+.1f %%\n",
		total, 100*grown, 100*slower)
	return errors.Join(errs...)
}

// middle returns the median.
func middle(is []interval, of func(interval) float64) float64 {
	xs := make([]float64, len(is))
	for k, i := range is {
		xs[k] = of(i)
	}
	slices.Sort(xs)
	return xs[len(xs)/2]
}

// openFiles returns the number of open files of the process, or −1.
func openFiles() int {
	fds, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return -1
	}
	return len(fds) - 1 // without the one that lists them
}

// resident returns how much memory the process has, or 0.
func resident() uint64 {
	b, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(b)) {
		var kB uint64
		if _, err := fmt.Sscanf(line, "VmRSS: %d kB", &kB); err == nil {
			return kB << 10
		}
	}
	return 0
}
