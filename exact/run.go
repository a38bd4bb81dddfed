package exact

import (
	"cmp"
	"container/heap"
	"fmt"
	"math"
	"slices"
)

// A Run is what a network has done with one sample. Goroutines may share it.
type Run struct {
	m      *Model
	inputs []Spike // by time
	order  []int   // of the inputs as they were given
	layers []layerRun
}

// A layerRun is the events of a layer.
type layerRun struct {
	cell   cell
	spikes []Spike   // in order
	of     [][]int32 // by neuron, which of spikes are its own
	events [][]event // by neuron; the first one is rest
	log    []int32   // the neurons of all events in order; nil if neurons do not depend on each other
	final  []state   // of each neuron at the end
	peak   []float64 // of each neuron of the last layer that is silent: its highest potential
}

type state struct{ v, i float64 }

// An event is a neuron just behind an arrival, or its own spike.
type event struct {
	time float64
	state
	from int32 // the spike that arrives: of the layer below, or −2 − that of its own; −1 is no arrival
	self bool  // the neuron fires
	peak mark  // it is where V is highest, and no event
}

// A mark says that V is highest somewhere, and whether that time is free.
type mark uint8

const (
	noMark    mark = iota
	markFree       // the time is where dV/dt = 0, or the end
	markBound      // it is that of the arrival behind it, which from tells
)

// Run simulates a sample: its spikes in any order.
func (m *Model) Run(in []Spike) (*Run, error) {
	if err := m.check(); err != nil {
		return nil, err
	}
	return m.run(in)
}

func (m *Model) run(in []Spike) (*Run, error) {
	r := &Run{m: m, order: make([]int, len(in))}
	for k, s := range in {
		if s.Neuron < 0 || s.Neuron >= m.net.Inputs || !(s.Time >= 0 && s.Time <= m.net.Duration) {
			return nil, fmt.Errorf("exact: spike %d of the input is of neuron %d at %v s, want one of %d and times of 0 to %v s", k, s.Neuron, s.Time, m.net.Inputs, m.net.Duration)
		}
		r.order[k] = k
	}
	slices.SortStableFunc(r.order, func(a, b int) int {
		return cmp.Or(cmp.Compare(in[a].Time, in[b].Time), cmp.Compare(in[a].Neuron, in[b].Neuron))
	})
	for _, k := range r.order {
		r.inputs = append(r.inputs, in[k])
	}
	below := r.inputs
	for i, l := range m.layers {
		lr, err := l.run(below, m.net.Duration)
		if err != nil {
			return nil, fmt.Errorf("exact: layer %d: %w", i, err)
		}
		r.layers = append(r.layers, lr)
		below = lr.spikes
	}
	r.layers[len(r.layers)-1].marks(m.net.Duration)
	return r, nil
}

// An arrival is a spike that reaches a neuron.
type arrival struct {
	time, weight float64
	from         int32 // as in event
}

func (l *layer) run(in []Spike, end float64) (layerRun, error) {
	lr := layerRun{cell: l.cell(), events: make([][]event, l.N), of: make([][]int32, l.N), final: make([]state, l.N)}
	if l.recurrent != nil {
		err := l.together(&lr, in, end)
		return lr, err
	}
	var arrivals []arrival
	for n := range l.N {
		arrivals = l.arrivals(arrivals[:0], in, n, end)
		c := walker{lr: &lr, n: n, end: end}
		c.begin(len(arrivals))
		for _, a := range arrivals {
			if err := c.until(a.time); err != nil {
				return lr, err
			}
			c.arrive(a)
		}
		if err := c.until(end); err != nil {
			return lr, err
		}
		c.finish()
	}
	lr.collect()
	return lr, nil
}

// arrivals returns what reaches a neuron from below, in order.
func (l *layer) arrivals(as []arrival, in []Spike, n int, end float64) []arrival {
	w := l.w.floats()
	for k, s := range in {
		a := arrival{s.Time, w[s.Neuron*l.N+n], int32(k)}
		if l.delay != nil {
			a.time += l.delay.floats()[s.Neuron*l.N+n]
		}
		if a.time <= end {
			as = append(as, a)
		}
	}
	if l.delay != nil {
		slices.SortStableFunc(as, func(a, b arrival) int { return cmp.Compare(a.time, b.time) })
	}
	return as
}

// collect puts the spikes of neurons that do not depend on each other in order, and says
// in their events which these are.
func (lr *layerRun) collect() {
	for n, es := range lr.events {
		for _, e := range es {
			if e.self {
				lr.spikes = append(lr.spikes, Spike{e.time, n})
			}
		}
	}
	slices.SortStableFunc(lr.spikes, func(a, b Spike) int { return cmp.Compare(a.Time, b.Time) })
	for k, s := range lr.spikes {
		lr.of[s.Neuron] = append(lr.of[s.Neuron], int32(k))
	}
}

// A walker is a neuron as time goes on.
type walker struct {
	lr   *layerRun
	n    int
	at   event   // the last one
	next float64 // when it fires, if nothing arrives; +Inf if it does not
	end  float64

	fired int

	// Of neurons that depend on each other:
	arrivals []arrival // from below, in order
	inbox    arrivals  // from the layer itself
}

func (c *walker) begin(room int) {
	c.at = event{from: -1}
	c.next = math.Inf(1)
	c.lr.events[c.n] = append(make([]event, 0, room+2), c.at)
}

// advance returns the state just before a time.
func (c *walker) advance(time float64) state {
	return c.lr.cell.advance(c.at.state, time-c.at.time)
}

func (c *cell) advance(s state, d float64) state {
	w := c.flow(d)
	return state{s.v*w.em + s.i*w.f, s.i * w.es}
}

func (c *walker) set(e event) {
	c.at = e
	c.next = e.time + c.lr.cell.crossing(e.v, e.i, c.end-e.time)
	c.lr.events[c.n] = append(c.lr.events[c.n], e)
}

func (c *walker) fire() error {
	if c.fired++; c.fired > MostSpikes {
		return fmt.Errorf("neuron %d fires more than %d times before %v s: without end", c.n, MostSpikes, c.at.time)
	}
	s := c.advance(c.next)
	c.set(event{time: c.next, state: state{0, s.i}, from: -1, self: true})
	return nil
}

// until fires as often as the neuron does before a time.
func (c *walker) until(time float64) error {
	for c.next <= time {
		if err := c.fire(); err != nil {
			return err
		}
	}
	return nil
}

func (c *walker) arrive(a arrival) {
	s := c.advance(a.time)
	c.set(event{time: a.time, state: state{s.v, s.i + a.weight}, from: a.from})
}

func (c *walker) finish() { c.lr.final[c.n] = c.advance(c.end) }

// arrivals are a heap by time; those of one time in the order of their spikes.
type arrivals []arrival

func (h arrivals) Len() int { return len(h) }
func (h arrivals) Less(a, b int) bool {
	return h[a].time < h[b].time || h[a].time == h[b].time && h[a].from > h[b].from
}
func (h arrivals) Swap(a, b int) { h[a], h[b] = h[b], h[a] }
func (h *arrivals) Push(a any)   { *h = append(*h, a.(arrival)) }
func (h *arrivals) Pop() any {
	last := len(*h) - 1
	a := (*h)[last]
	*h = (*h)[:last]
	return a
}

// when returns the time of the next event of a neuron, and whether it is its own spike.
func (c *walker) when() (time float64, fires bool) {
	time = math.Inf(1)
	if len(c.arrivals) > 0 {
		time = c.arrivals[0].time
	}
	if len(c.inbox) > 0 {
		time = min(time, c.inbox[0].time)
	}
	if c.next <= time {
		return c.next, true
	}
	return time, false
}

// A queue is neurons by the time of their next event.
type queue struct {
	walkers []*walker
	times   []float64
	heap    []int32
	place   []int32 // of each neuron in the heap
}

func (q *queue) Len() int { return len(q.heap) }
func (q *queue) Less(a, b int) bool {
	i, j := q.heap[a], q.heap[b]
	return q.times[i] < q.times[j] || q.times[i] == q.times[j] && i < j
}
func (q *queue) Swap(a, b int) {
	q.heap[a], q.heap[b] = q.heap[b], q.heap[a]
	q.place[q.heap[a]], q.place[q.heap[b]] = int32(a), int32(b)
}
func (q *queue) Push(any) {}
func (q *queue) Pop() any { return nil }

func (q *queue) fix(n int) {
	q.times[n], _ = q.walkers[n].when()
	heap.Fix(q, int(q.place[n]))
}

// together runs neurons that are connected with each other: the next event of all of them, one after
// the other.
func (l *layer) together(lr *layerRun, in []Spike, end float64) error {
	q := &queue{walkers: make([]*walker, l.N), times: make([]float64, l.N)}
	for n := range l.N {
		c := &walker{lr: lr, n: n, end: end, arrivals: l.arrivals(nil, in, n, end)}
		c.begin(len(c.arrivals))
		q.walkers[n] = c
		q.times[n], _ = c.when()
		q.heap, q.place = append(q.heap, int32(n)), append(q.place, int32(n))
	}
	heap.Init(q)
	w := l.recurrent.floats()
	for {
		n := int(q.heap[0])
		c := q.walkers[n]
		time, fires := c.when()
		if time > end {
			break
		}
		if lr.log = append(lr.log, int32(n)); len(lr.log) > MostEvents {
			return fmt.Errorf("there are more than %d events before %v s: it fires without end", MostEvents, time)
		}
		if !fires {
			if len(c.arrivals) > 0 && c.arrivals[0].time == time {
				c.arrive(c.arrivals[0])
				c.arrivals = c.arrivals[1:]
			} else {
				c.arrive(heap.Pop(&c.inbox).(arrival))
			}
			q.fix(n)
			continue
		}
		if err := c.fire(); err != nil {
			return err
		}
		from := int32(-2 - len(lr.spikes))
		lr.of[n] = append(lr.of[n], int32(len(lr.spikes)))
		lr.spikes = append(lr.spikes, Spike{time, n})
		for to := range l.N {
			a := arrival{time, w[n*l.N+to], from}
			if l.delayBack != nil {
				a.time += l.delayBack.floats()[n*l.N+to]
			}
			if a.time <= end {
				heap.Push(&q.walkers[to].inbox, a)
				q.fix(to)
			}
		}
		q.fix(n)
	}
	for _, c := range q.walkers {
		c.finish()
	}
	return nil
}

// Spikes returns the spikes of a layer in order, or with −1 those of the input; nil of a layer that there is not.
func (r *Run) Spikes(layer int) []Spike {
	switch {
	case layer == -1:
		return r.inputs
	case layer < 0 || layer >= len(r.layers):
		return nil
	}
	return r.layers[layer].spikes
}

// First returns the time of the first spike of each neuron of a layer, +Inf of those that are silent; nil of a layer that
// there is not.
func (r *Run) First(layer int) []float64 {
	if layer < 0 || layer >= len(r.layers) {
		return nil
	}
	lr := &r.layers[layer]
	first := make([]float64, len(lr.of))
	for n, of := range lr.of {
		first[n] = math.Inf(1)
		if len(of) > 0 {
			first[n] = lr.spikes[of[0]].Time
		}
	}
	return first
}

// Integral returns ∫ V dt over the run for each neuron of the last layer, in seconds.
func (r *Run) Integral() []float64 {
	if len(r.layers) == 0 {
		return nil
	}
	lr := &r.layers[len(r.layers)-1]
	out := make([]float64, len(lr.events))
	for n, es := range lr.events {
		for k := range es {
			before := lr.before(n, k+1)
			// The equations, integrated: ∫V = ∫I − τ_m ΔV, ∫I = −τ_s ΔI.
			out[n] += lr.cell.syn*(es[k].i-before.i) - lr.cell.mem*(before.v-es[k].v)
		}
	}
	return out
}

// before returns the state of a neuron just before its event k, of which there is one more than
// events, the end.
func (lr *layerRun) before(n, k int) state {
	es := lr.events[n]
	if k == len(es) {
		return lr.final[n]
	}
	s := lr.cell.advance(es[k-1].state, es[k].time-es[k-1].time)
	if es[k].self {
		s.v = lr.cell.threshold
	}
	return s
}
