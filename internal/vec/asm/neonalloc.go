package main

import (
	"fmt"
	"slices"

	"github.com/spikegrad/spikegrad/internal/neon"
)

// Registers are given in one pass over the steps. What is made in one block and read in
// another has a register throughout; other values have one up to where they are last
// read. What is left then goes to the constants that are used most.

const registers = 32

// finish gives registers to the values of a function and writes it.
func (t *neonWriter) finish() {
	for i, s := range t.steps {
		for _, v := range s.reads {
			v.last = i
			v.throughout = v.throughout || v.block != s.block
		}
	}
	t.prepare()
	most := 0
	t.allocate(nil, func(used int) { most = max(most, used) }, false)
	held := t.held(registers - most)
	t.allocate(held, func(int) {}, true)
	t.steps, t.block = nil, 0
}

// prepare puts the address of the constants where they are first needed, at the start.
func (t *neonWriter) prepare() {
	if slices.ContainsFunc(t.steps, func(s *step) bool { return s.con != nil }) {
		t.w.Pool(fmt.Sprintf("R%d", poolReg))
	}
}

// held returns at most n constants to keep in registers: those of steps whose value has
// none throughout, by how often they are read.
func (t *neonWriter) held(n int) []uint64 {
	count := map[uint64]int{}
	var all []uint64
	for _, s := range t.steps {
		if s.con == nil || s.makes.throughout {
			continue
		}
		if count[*s.con] == 0 {
			all = append(all, *s.con)
		}
		count[*s.con]++
	}
	slices.SortStableFunc(all, func(x, y uint64) int { return count[y] - count[x] })
	return all[:min(n, len(all))]
}

// allocate goes through the steps. seen is told how many registers are in use at a time.
func (t *neonWriter) allocate(held []uint64, seen func(used int), write bool) {
	p := pool{of: t, seen: seen}
	fixed := map[uint64]uint8{}
	for i, c := range held {
		r := uint8(registers - 1 - i)
		p.taken[r], fixed[c] = true, r
		if write {
			t.w.Word(neon.Load(16, r, poolReg, t.w.Constant(t.bits, c)))
		}
	}
	for _, s := range t.steps {
		if s.makes != nil && s.makes.throughout {
			s.makes.register = p.take()
		}
	}
	for i, s := range t.steps {
		if s.con != nil && !s.makes.throughout {
			if r, ok := fixed[*s.con]; ok {
				s.makes.register = r
				continue
			}
		}
		local := func(v *value) bool {
			return !v.throughout && !slices.Contains(heldRegisters(fixed), v.register)
		}
		reads := s.reads
		if s.tied {
			begin := reads[0]
			reads = reads[1:]
			if local(begin) && begin.last == i && !slices.Contains(reads, begin) && !s.makes.throughout {
				s.makes.register = begin.register // it ends where makes begins
			} else {
				if !s.makes.throughout {
					s.makes.register = p.take()
				}
				if write {
					t.w.Word(neon.Move(s.makes.register, begin.register))
				}
				if local(begin) && begin.last == i {
					p.taken[begin.register] = false
				}
			}
		}
		r := make([]uint8, 0, 4)
		for _, v := range reads {
			r = append(r, v.register)
		}
		for _, v := range reads {
			if local(v) && v.last == i {
				p.taken[v.register] = false
			}
		}
		if s.makes != nil {
			if !s.tied && !s.makes.throughout {
				s.makes.register = p.take()
			}
			if s.tied {
				p.taken[s.makes.register] = true
			}
			r = slices.Insert(r, 0, s.makes.register)
			if s.makes.last == 0 && !s.makes.throughout { // nobody reads it
				p.taken[s.makes.register] = false
			}
		}
		if write {
			s.write(r)
		}
	}
}

// A pool is the registers that are taken.
type pool struct {
	of    *neonWriter
	taken [registers]bool
	seen  func(used int) // called with how many are, when one more is
}

// take returns a register that was free.
func (p *pool) take() uint8 {
	r := slices.Index(p.taken[:], false)
	if r < 0 {
		panic(fmt.Sprintf("asm: more than %d registers for a function of %s", registers, p.of.suffix()))
	}
	p.taken[r] = true
	used := 0
	for _, b := range p.taken {
		if b {
			used++
		}
	}
	p.seen(used)
	return uint8(r)
}

func heldRegisters(fixed map[uint64]uint8) (rs []uint8) {
	for _, r := range fixed {
		rs = append(rs, r)
	}
	return rs
}
