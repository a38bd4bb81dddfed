package optim

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"unsafe"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/internal/describe"
	"github.com/spikegrad/spikegrad/internal/flat"
	"github.com/spikegrad/spikegrad/internal/par"
)

// A float is an element of a parameter.
type float interface{ float32 | float64 }

// A part is a stretch of one parameter, with all that updates it.
type part[F float] struct {
	step    int    // of this parameter, from 1
	w, g    []F    // weights and gradient
	moments [2][]F // as many as the rule has names, each as long as w
}

// A rule is the arithmetic of an optimiser: it updates w and the moments.
// It is called from several goroutines at once, for parts that do not overlap.
type rule interface {
	step32(part[float32])
	step64(part[float64])
}

// memory is the part that all optimisers share: it knows the parameters,
// keeps their moments and spreads the work.
type memory struct {
	factor    float64 // of the learning rate
	factorSet bool    // else the factor is 1

	calls  int // calls of Step, with those that failed
	steps  int // calls of Step, without
	slots  map[string]*slot
	names  []string // of the moments, at the last step
	coming []string // and at the one that is prepared
	owners map[unsafe.Pointer]string
	grads  map[unsafe.Pointer]int // the first update that has a gradient
	places []string               // "#0", "#1", …

	// The work of the current step.
	rule      rule
	updates   []update
	stretches []stretch
	crew      par.Crew
}

// A slot is a Slot in use.
type slot struct {
	call    int // the last call that met the parameter, to notice a second one
	steps   int
	known   bool // shape and dtype are set
	shape   tensor.Shape
	dtype   tensor.Dtype
	moments [2]flat.Values
	owner   owner
}

// An update is what a step does to one parameter.
type update struct {
	slot  *slot
	name  string // under which the slot is to be put, in the place of another parameter's; "" if it is there
	owner owner
	w, g  flat.Values
	// Whether another update has g, too: of a+b, the gradients of a and b are one tensor
	// unless BindDualValues has made them two.
	shared bool
}

// A stretch is a range of the elements of an update.
type stretch struct{ update, from, to int }

// SetRateFactor implements Optimiser.
func (m *memory) SetRateFactor(factor float64) { m.factor, m.factorSet = factor, true }

func (m *memory) rateFactor() float64 {
	if !m.factorSet {
		return 1
	}
	return m.factor
}

// State implements Optimiser.
func (m *memory) State() State {
	s := State{Steps: m.steps, Slots: map[string]Slot{}}
	for name, sl := range m.slots {
		if sl.steps == 0 {
			continue // met only by a Step that failed
		}
		moments := map[string]*tensor.Dense{}
		if sl.known {
			sl.provide(len(m.names))
			for k, moment := range m.names {
				moments[moment] = sl.moments[k].Dense(sl.shape)
			}
		}
		s.Slots[name] = Slot{Steps: sl.steps, Moments: moments}
	}
	return s
}

// restore implements Restore for an optimiser with moments of these names.
func (m *memory) restore(s State, moments []string) error {
	if s.Steps < 0 {
		return fmt.Errorf("restore: state has %d steps, want at least 0", s.Steps)
	}
	slots := map[string]*slot{}
	for _, name := range slices.Sorted(maps.Keys(s.Slots)) {
		sl, err := newSlot(s.Slots[name], moments)
		if err != nil {
			return fmt.Errorf("restore: parameter %s: %w", describe.Quote(name), err)
		}
		slots[name] = sl
	}
	m.steps, m.slots, m.names = s.Steps, slots, moments
	return nil
}

func newSlot(s Slot, moments []string) (*slot, error) {
	if s.Steps < 1 {
		return nil, fmt.Errorf("slot has %d steps, want at least 1", s.Steps)
	}
	came, want := slices.Sorted(maps.Keys(s.Moments)), slices.Sorted(slices.Values(moments))
	if !slices.Equal(came, want) {
		return nil, fmt.Errorf("slot has moments %s, want %s", describe.Names(came), describe.Names(want))
	}
	sl := &slot{steps: s.Steps}
	for k, name := range moments {
		d := s.Moments[name]
		f, err := flat.Of(d)
		if err != nil {
			return nil, fmt.Errorf("moment %s %w", name, err)
		}
		if err := sl.fits(d); err != nil {
			return nil, fmt.Errorf("moment %s %w", name, err)
		}
		sl.moments[k] = f.Clone()
	}
	return sl, nil
}

// A planner is an optimiser of this package: plan says whether it can take a step, and has
// changed nothing; apply takes it.
type planner interface {
	plan(params []G.ValueGrad) error
	apply()
}

// step takes a step of one optimiser.
func step(o planner, name string, params []G.ValueGrad) error {
	if err := o.plan(params); err != nil {
		return fmt.Errorf("optim: %s: %w", name, err)
	}
	o.apply()
	return nil
}

// prepare gets ready for one step of the rule, whose moments have these names.
func (m *memory) prepare(r rule, params []G.ValueGrad, moments []string) error {
	if m.owners == nil {
		m.owners, m.grads = map[unsafe.Pointer]string{}, map[unsafe.Pointer]int{}
	}
	if m.slots == nil {
		m.slots = map[string]*slot{}
	}
	m.calls++
	m.updates = m.updates[:0]
	clear(m.owners)
	clear(m.grads)
	for i, p := range params {
		if node, ok := p.(*G.Node); p == nil || ok && node == nil {
			return fmt.Errorf("parameter #%d is nil", i)
		}
		name := m.name(p, i)
		u, err := m.meet(name, p)
		if err != nil {
			return fmt.Errorf("parameter %s: %w", name, err)
		}
		if first, ok := m.grads[u.g.Pointer()]; ok {
			u.shared, m.updates[first].shared = true, true
		} else {
			m.grads[u.g.Pointer()] = i
		}
		m.updates = append(m.updates, u)
	}
	m.rule, m.coming = r, moments
	return nil
}

// apply takes the step that was prepared. Nothing can fail here.
func (m *memory) apply() {
	m.steps++
	m.names = m.coming
	for _, u := range m.updates {
		if u.name != "" {
			m.slots[u.name] = u.slot
		}
		u.slot.owner = u.owner
		u.slot.steps++
		u.slot.provide(len(m.names))
	}
	m.spread()
	for _, u := range m.updates {
		if u.shared { // only now, when all that have it have used it
			u.g.Zero()
		}
	}
	clear(m.updates) // hold on to nobody's gradients
	clear(m.owners)
	clear(m.grads)
}

// name returns what p, at position i, goes by.
func (m *memory) name(p G.ValueGrad, i int) string {
	if name := nameOf(p); name != "" {
		return name
	}
	for len(m.places) <= i {
		m.places = append(m.places, "#"+strconv.Itoa(len(m.places)))
	}
	return m.places[i]
}

// meet checks a parameter and finds its slot.
func (m *memory) meet(name string, p G.ValueGrad) (update, error) {
	sl := m.slots[name]
	if sl == nil {
		sl = &slot{}
		m.slots[name] = sl
	}
	if sl.call == m.calls {
		return update{}, errors.New("another parameter has this name")
	}
	sl.call = m.calls

	w, g, err := flattenBoth(p)
	if err != nil {
		return update{}, err
	}
	u := update{owner: owner{p, w.Pointer()}, w: w, g: g}
	if sl.steps > 0 && !sl.owner.is(u.owner) {
		sl, u.name = &slot{}, name
	}
	if sl.steps == 0 {
		sl.known = false // what a failed call has seen does not bind
	}
	if err := sl.fits(p.Value()); err != nil {
		return update{}, fmt.Errorf("value %w as before", err)
	}
	if owner, ok := m.owners[w.Pointer()]; ok {
		return update{}, fmt.Errorf("value shares its memory with that of %s", owner)
	}
	m.owners[w.Pointer()] = name
	u.slot = sl
	return u, nil
}

// fits checks v against the slot's shape and type. The first v sets them.
func (sl *slot) fits(v G.Value) error {
	shape := v.Shape()
	if !sl.known {
		sl.shape, sl.dtype, sl.known = slices.Clone(shape), v.Dtype(), true
		if len(shape) == 0 {
			sl.shape = tensor.Shape{1} // gob panics when it decodes a tensor without axes
		}
		return nil
	}
	if !slices.Equal(sl.shape, shape) && !(len(shape) == 0 && sl.shape.TotalSize() == 1) {
		return fmt.Errorf("has shape %v, want %v", shape, sl.shape)
	}
	if v.Dtype() != sl.dtype {
		return fmt.Errorf("is of %v, want %v", v.Dtype(), sl.dtype)
	}
	return nil
}

// provide sees to it that there are n moments. Their number changes when a
// user turns momentum on or off.
func (sl *slot) provide(n int) {
	for k := range sl.moments {
		switch f := &sl.moments[k]; {
		case k >= n:
			*f = flat.Values{}
		case f.Len() > 0:
		case sl.dtype == tensor.Float32:
			f.F32 = make([]float32, sl.shape.TotalSize())
		default:
			f.F64 = make([]float64, sl.shape.TotalSize())
		}
	}
}

// spread applies the rule to every update. No element depends on another, so
// it does not matter to the result which goroutine computes which.
func (m *memory) spread() {
	m.stretches = m.stretches[:0]
	for i, u := range m.updates {
		n := u.w.Len()
		for from := 0; from < n; from += grain {
			m.stretches = append(m.stretches, stretch{i, from, min(from+grain, n)})
		}
	}
	m.crew.Do((*updating)(m), par.Workers(len(m.stretches)), len(m.stretches))
}

// grain is how many elements a goroutine takes at a time: enough to outweigh
// its start, few enough to stay in its cache.
const grain = 1 << 14

// updating is a memory as the work that it does in a step.
type updating memory

// Piece applies the rule to stretch i.
func (u *updating) Piece(_, i int) { (*memory)(u).update(i) }

// update applies the rule to stretch i, and clears its gradient while that is in the cache.
func (m *memory) update(i int) {
	s := m.stretches[i]
	u := &m.updates[s.update]
	if a, b := &u.slot.moments[0], &u.slot.moments[1]; u.w.F32 != nil {
		p := cut(u.slot.steps, s, u.w.F32, u.g.F32, a.F32, b.F32)
		m.rule.step32(p)
		p.spend(u.shared)
	} else {
		p := cut(u.slot.steps, s, u.w.F64, u.g.F64, a.F64, b.F64)
		m.rule.step64(p)
		p.spend(u.shared)
	}
}

// spend clears the gradient, unless others need it.
func (p *part[F]) spend(shared bool) {
	if !shared {
		clear(p.g)
	}
}

func cut[F float](step int, s stretch, w, g []F, moments ...[]F) part[F] {
	p := part[F]{step: step, w: w[s.from:s.to], g: g[s.from:s.to]}
	for k, moment := range moments {
		if moment != nil {
			p.moments[k] = moment[s.from:s.to]
		}
	}
	return p
}

// checkRate checks a learning rate and the factor that goes with it.
