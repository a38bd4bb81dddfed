package ir

import "fmt"

// Check returns an error unless the program can be run: what its instructions name
// exists, has the width of the result, and is written before it is read.
func (p *Program) Check() error {
	if p.Rows < 1 {
		return fmt.Errorf("ir: %d rows", p.Rows)
	}
	written := make([]bool, len(p.Slots))
	for i, s := range p.Slots {
		written[i] = s.Kind == SlotStream || s.Kind == SlotFull || s.Kind == SlotIn || s.Kind == SlotAcc
		if s.Width < 0 || s.Kind == SlotFull && s.Width*p.Rows != p.Values[s.Index].Size {
			return fmt.Errorf("ir: slot %d is %d wide", i, s.Width)
		}
	}
	numbers := map[Op]int{OpFunc: len(p.Funcs), OpRows: len(p.Mats), OpCall: len(p.Calls)}
	for i := range p.Instrs {
		ins := &p.Instrs[i]
		if ins.Op == OpNone || ins.Op >= NumOps || int(ins.Dst) >= len(p.Slots) {
			return fmt.Errorf("ir: instruction %d: %v to slot %d", i, ins.Op, ins.Dst)
		}
		n, numbered := numbers[ins.Op]
		if ins.Op.Facts().Const {
			n, numbered = len(p.Consts), true
		}
		if numbered && (ins.C < 0 || int(ins.C) >= n) {
			return fmt.Errorf("ir: instruction %d: %v has number %d of %d", i, ins.Op, ins.C, n)
		}
		for _, s := range p.Operands(ins) {
			switch {
			case s < 0 || int(s) >= len(p.Slots):
				return fmt.Errorf("ir: instruction %d: %v reads slot %d of %d", i, ins.Op, s, len(p.Slots))
			case !written[s]:
				return fmt.Errorf("ir: instruction %d: %v reads %s before it is written", i, ins.Op, p.slotName(s))
			case ins.Op != OpRows && ins.Op != OpCall && p.Slots[s].Width != p.Slots[ins.Dst].Width:
				return fmt.Errorf("ir: instruction %d: %v reads %s, %d wide, and writes %s, %d wide",
					i, ins.Op, p.slotName(s), p.Slots[s].Width, p.slotName(ins.Dst), p.Slots[ins.Dst].Width)
			}
		}
		written[ins.Dst] = true
	}
	return nil
}
