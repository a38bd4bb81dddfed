package optim

import (
	"errors"
	"fmt"
	"maps"
	"path"
	"reflect"
	"slices"
	"strings"
	"unsafe"

	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/internal/describe"
	"github.com/spikegrad/spikegrad/internal/guard"
)

// Groups treats parameters by their names: each is of the first group whose pattern its name
// matches, and the rest are of Default.
//
//	&optim.Groups{
//		Default: &optim.Adam{LearningRate: 1e-3},
//		Of: []optim.Group{
//			{Match: "trunk.*", Frozen: true},
//			{Match: "*.b", Optimiser: &optim.Adam{LearningRate: 1e-2}},
//		},
//	}
//
// A pattern is that of path.Match: * stands for any characters, ? for one, [ab] for one of
// these. A step with a pattern that no parameter is of is an error. The rate factor is that of
// all; Rate is the Default's.
type Groups struct {
	Default Optimiser // of parameters that no group has; nil means Adam with its defaults
	Of      []Group
}

// A Group is some parameters.
type Group struct {
	Match     string    // pattern of their names
	Optimiser Optimiser // of their own; nil means the Default, with the others
	ClipNorm  float64   // the gradients of the group are scaled down to this norm, after those of all; 0 means never
	Frozen    bool      // they stay as they are, and do not count in the norm of the gradient
}

var _ Optimiser = (*Groups)(nil)

// Frozen reports whether o leaves the parameter of a name as it is: where o is Groups, and it is
// of one that is Frozen.
func Frozen(o Optimiser, name string) bool {
	if a, ok := o.(*Averaged); ok && a != nil {
		return Frozen(a.inner(), name)
	}
	g, ok := o.(*Groups)
	if !ok || g == nil {
		return false
	}
	i, err := g.find(name)
	return err == nil && i >= 0 && g.Of[i].Frozen
}

// Own reports whether o is an optimiser of this package, or Groups or Averaged of such. Their steps change
// all that they are to change, or nothing.
func Own(o Optimiser) bool {
	if a, ok := o.(*Averaged); ok && a != nil {
		return Own(a.inner())
	}
	if g, ok := o.(*Groups); ok && g != nil {
		return !slices.ContainsFunc(g.each(), func(o Optimiser) bool { return ours(o) == nil })
	}
	return ours(o) != nil
}

// ours returns o as a planner if it is of this package, else nil: what embeds one of ours has its
// methods, and may have a Step of its own.
func ours(o Optimiser) planner {
	switch o := o.(type) {
	case *SGD:
		return o
	case *Adam:
		return o
	case *RMSProp:
		return o
	}
	return nil
}

// find returns the group of a name, −1 for that of Default.
func (g *Groups) find(name string) (int, error) {
	for i, of := range g.Of {
		ok, err := path.Match(of.Match, name)
		if err != nil {
			return 0, fmt.Errorf("pattern %s: %w", describe.Quote(of.Match), err)
		}
		if ok {
			return i, nil
		}
	}
	return -1, nil
}

// all returns the optimisers, the Default first and each once, and which is that of each group.
func (g *Groups) all() (all []Optimiser, of []int) {
	if guard.IsNil(g.Default) {
		g.Default = &Adam{}
	}
	all = []Optimiser{g.Default}
	for _, group := range g.Of {
		k := 0
		if o := group.Optimiser; !guard.IsNil(o) {
			k = slices.IndexFunc(all, func(p Optimiser) bool {
				return reflect.TypeOf(o).Kind() == reflect.Pointer && p == o
			})
			if k < 0 {
				k, all = len(all), append(all, o)
			}
		}
		of = append(of, k)
	}
	return all, of
}

// each returns the optimisers.
func (g *Groups) each() []Optimiser { all, _ := g.all(); return all }

// Rate implements Optimiser.
func (g *Groups) Rate() float64 { return g.each()[0].Rate() }

// SetRateFactor implements Optimiser.
func (g *Groups) SetRateFactor(factor float64) {
	for _, o := range g.each() {
		o.SetRateFactor(factor)
	}
}

// Step implements Optimiser.
func (g *Groups) Step(params []G.ValueGrad) error {
	if err := g.step(params); err != nil {
		return fmt.Errorf("optim: groups: %w", err)
	}
	return nil
}

func (g *Groups) step(params []G.ValueGrad) error {
	all, of := g.all()
	parts, members, err := g.split(params, of, len(all))
	if err != nil {
		return err
	}
	// What can fail comes first: ours say whether they can, and others do or fail.
	for i, o := range all {
		if p := ours(o); p != nil && len(parts[i]) > 0 {
			if err := p.plan(parts[i]); err != nil {
				return err
			}
		}
	}
	for i, of := range g.Of {
		if of.ClipNorm > 0 && !of.Frozen {
			if _, err := ClipNorm(members[i], of.ClipNorm); err != nil {
				return err
			}
		}
	}
	for i, o := range all {
		if ours(o) == nil && len(parts[i]) > 0 {
			if err := o.Step(parts[i]); err != nil {
				return err
			}
		}
	}
	for i, o := range all {
		if p := ours(o); p != nil && len(parts[i]) > 0 {
			p.apply()
		}
	}
	for i, of := range g.Of {
		if !of.Frozen {
			continue
		}
		for _, p := range members[i] {
			if _, grad, err := flattenBoth(p); err == nil { // what has no gradient needs none
				grad.Zero()
			}
		}
	}
	return nil
}

// split returns the parameters of each of all optimisers, and of each group.
func (g *Groups) split(params []G.ValueGrad, of []int, all int) (parts, members [][]G.ValueGrad, err error) {
	parts, members = make([][]G.ValueGrad, all), make([][]G.ValueGrad, len(g.Of))
	var names []string
	group := map[unsafe.Pointer]int{} // of the first parameter that has a gradient, −1: Default
	for i, p := range params {
		if guard.IsNil(p) {
			return nil, nil, fmt.Errorf("parameter #%d is nil", i)
		}
		name := nameOf(p)
		if name == "" {
			return nil, nil, fmt.Errorf("parameter #%d has no name, by which groups go", i)
		}
		names = append(names, name)
		at, err := g.find(name)
		if err != nil {
			return nil, nil, err
		}
		k := 0
		if at >= 0 {
			members[at] = append(members[at], p)
			if g.Of[at].Frozen {
				continue
			}
			k = of[at]
		}
		if _, grad, err := flattenBoth(p); err == nil { // else its optimiser says so
			if first, ok := group[grad.Pointer()]; ok && first != at {
				return nil, nil, fmt.Errorf("parameter %s shares the tensor of its gradient with one of another group, which would change it first: gorgonia.BindDualValues gives each its own", describe.Quote(name))
			}
			group[grad.Pointer()] = at
		}
		parts[k] = append(parts[k], p)
	}
	for i, of := range g.Of {
		switch {
		case len(members[i]) == 0:
			return nil, nil, fmt.Errorf("pattern %s: no parameter is of this group; there are %s", describe.Quote(of.Match), describe.Names(names))
		case !(of.ClipNorm >= 0):
			return nil, nil, fmt.Errorf("pattern %s: ClipNorm is %v, want at least 0", describe.Quote(of.Match), of.ClipNorm)
		}
	}
	return parts, members, nil
}

// State implements Optimiser.
func (g *Groups) State() State {
	s := State{Slots: map[string]Slot{}}
	for _, o := range g.each() {
		of := o.State()
		s.Steps = max(s.Steps, of.Steps)
		maps.Copy(s.Slots, of.Slots)
	}
	return s
}

// Restore implements Optimiser. Each optimiser gets what is of the names that are its own.
func (g *Groups) Restore(s State) error {
	if err := g.restore(s); err != nil {
		return fmt.Errorf("optim: groups: %w", err)
	}
	return nil
}

func (g *Groups) restore(s State) error {
	all, of := g.all()
	parts := make([]State, len(all))
	for i := range parts {
		parts[i] = State{Slots: map[string]Slot{}}
	}
	for name, slot := range s.Slots {
		at, err := g.find(name)
		if err != nil {
			return err
		}
		k := 0
		if at >= 0 {
			if g.Of[at].Frozen {
				continue // it may have been learnt before
			}
			k = of[at]
		}
		parts[k].Slots[name], parts[k].Steps = slot, s.Steps
	}
	before := make([]State, len(all))
	for i, o := range all {
		before[i] = o.State()
	}
	for i, o := range all {
		if err := o.Restore(parts[i]); err != nil {
			for k, o := range all[:i] {
				err = errors.Join(err, o.Restore(before[k]))
			}
			return err
		}
	}
	return nil
}

// Fresh reports whether what the optimisers remember is still for the parameters that come first.
func (g *Groups) Fresh() bool {
	return !slices.ContainsFunc(g.each(), func(o Optimiser) bool {
		f, ok := o.(interface{ Fresh() bool })
		return !ok || !f.Fresh()
	})
}

// String returns the groups in words.
func (g *Groups) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s", describe.Value(g.each()[0]))
	for _, of := range g.Of {
		fmt.Fprintf(&b, "; %s: ", of.Match)
		switch {
		case of.Frozen:
			b.WriteString("frozen")
			continue
		case guard.IsNil(of.Optimiser):
			b.WriteString("the same")
		default:
			b.WriteString(describe.Value(of.Optimiser))
		}
		if of.ClipNorm > 0 {
			fmt.Fprintf(&b, ", clipped to a norm of %g", of.ClipNorm)
		}
	}
	return b.String()
}
