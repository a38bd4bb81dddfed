package train

import (
	"fmt"
	"maps"
	"slices"

	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/internal/describe"
	"github.com/spikegrad/spikegrad/internal/guard"
	"github.com/spikegrad/spikegrad/optim"
)

// An optimiserState is what the optimiser remembers.
type optimiserState struct {
	opt  optim.Optimiser
	read optim.State
}

// savedOptimiser is a State without its tensors, which are optimiser/MOMENT/NAME.
type savedOptimiser struct {
	Type  string               `json:"type"`
	Steps int                  `json:"steps"`
	Slots map[string]savedSlot `json:"slots"`
}

type savedSlot struct {
	Steps   int      `json:"steps"`
	Moments []string `json:"moments"`
}

func momentName(moment, param string) string { return "optimiser/" + moment + "/" + param }

func (o *optimiserState) save(c *Checkpoint) error {
	var s optim.State
	if err := guard.Call("State", "optimiser", o.opt, func() error { s = o.opt.State(); return nil }); err != nil {
		return err
	}
	to := savedOptimiser{Type: describe.Kind(o.opt), Steps: s.Steps, Slots: map[string]savedSlot{}}
	for _, param := range slices.Sorted(maps.Keys(s.Slots)) {
		slot := s.Slots[param]
		names := slices.Sorted(maps.Keys(slot.Moments))
		to.Slots[param] = savedSlot{Steps: slot.Steps, Moments: names}
		for _, name := range names {
			if err := c.add(momentName(name, param), slot.Moments[name]); err != nil {
				return err
			}
		}
	}
	return c.put(entry{"optimiser", to})
}

func (o *optimiserState) check(c *Checkpoint) error {
	var from savedOptimiser
	if err := c.get(entry{"optimiser", &from}); err != nil {
		return err
	}
	if kind := describe.Kind(o.opt); from.Type != kind {
		return fmt.Errorf("the optimiser was %s, is %s", describe.Text(from.Type), kind)
	}
	o.read = optim.State{Steps: from.Steps, Slots: map[string]optim.Slot{}}
	for _, param := range slices.Sorted(maps.Keys(from.Slots)) {
		slot := optim.Slot{Steps: from.Slots[param].Steps, Moments: map[string]*tensor.Dense{}}
		for _, name := range from.Slots[param].Moments {
			d, err := c.tensor(momentName(name, param))
			if err != nil {
				return err
			}
			slot.Moments[name] = d
		}
		o.read.Slots[param] = slot
	}
	return nil
}

// load is the last that can fail, as nobody knows what an optimiser of somebody's takes.
func (o *optimiserState) load() (back func(), err error) {
	return nil, guard.Call("Restore", "optimiser", o.opt, func() error { return o.opt.Restore(o.read) })
}
