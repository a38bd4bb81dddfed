package graph

import (
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/internal/ir"
	"github.com/spikegrad/spikegrad/internal/matfunc"
	ops "github.com/spikegrad/spikegrad/internal/op"
)

// solve finds the gains of the exponential method, from φ of the matrix of the system.
// A row of the matrix is a state that acts, and a column one that is acted on, as in
// weights from row to column. Where nothing couples neurons each has a matrix of its
// own, of numbers; else there is one matrix, of blocks.
func (s system) solve() {
	b, one := s.b, s.of[0]
	coupled := s.coupled(one)
	if len(s.of) == 1 && !coupled {
		switch e := s.eqs[one]; {
		case e.Slope != nil:
			s.gains[one][one].kind = gainEuler
			return
		case s.coefficient(one, one).Is(-1):
			s.gains[one][one] = gain{kind: gainFactor, factor: b.risen(s.dt, e.TauInv)}
			return
		}
	}
	shape := s.shape()
	p := matfunc.Submatrix{Count: shape.TotalSize(), K: len(s.of), N: 1}
	if coupled {
		p.Count, p.N = 1, shape.TotalSize()
	}
	number, node := s.matrix(p, shape)
	if node == nil {
		number = matfunc.PhiOf(number, p.K)
	} else {
		node = b.phiMatrices(node, number)
	}
	reaches := s.reaches()
	for row, j := range s.of {
		for col, i := range s.of {
			g := &s.gains[j][i]
			switch {
			case !reaches[row][col] || s.decays(i):
			case coupled && reaches[row][0] && reaches[0][col]:
				*g = gain{kind: gainMatrix, matrix: b.extract(node, p.Block(row, col, true), tensor.Shape{p.N, p.N})}
			default:
				phi := Const(number[row*p.K+col])
				if node != nil {
					phi = Learn(b.extract(node, p.Block(row, col, false), shape))
				}
				*g = gain{kind: gainFactor, factor: b.timesParams(s.dt, s.eqs[j].TauInv, phi, shape)}
			}
		}
	}
}

// matrix returns the matrix of the system, dt τ⁻¹ times the coefficients of each
// equation in its column: the numbers of it, and of what is learnt a node, nil for
// nothing.
func (s system) matrix(p matfunc.Submatrix, shape tensor.Shape) (number []float64, node *G.Node) {
	b := s.b
	number = make([]float64, p.K*p.K)
	add := func(x *G.Node, at matfunc.Submatrix) {
		if x = b.insert(x, at); node != nil {
			x = b.Add(node, x)
		}
		node = x
	}
	for row, j := range s.of {
		for col, i := range s.of {
			c := s.coefficient(i, j)
			if c.Is(0) {
				continue
			}
			entry := b.timesParams(s.dt, s.eqs[i].TauInv, c, shape)
			if v, ok := entry.Value(); ok {
				number[row*p.K+col] = v
			} else {
				add(entry.Node(), p.Block(row, col, false))
			}
		}
	}
	if s.coupled(s.of[0]) {
		add(s.coupling, p.Block(0, 0, true))
	}
	return number, node
}

// shape returns a shape to which all parameters of the system broadcast: that of one
// of them, or else of a time step; and that of neurons where these are coupled.
func (s system) shape() tensor.Shape {
	if s.coupled(s.of[0]) {
		return s.coupling.Shape()[:1]
	}
	shape := tensor.Shape{}
	for _, i := range s.of {
		ps := []Param{s.eqs[i].TauInv}
		for _, j := range s.of {
			ps = append(ps, s.coefficient(i, j))
		}
		for _, p := range ps {
			n := p.Node()
			switch {
			case n == nil || ops.Broadcasts(n.Shape(), shape):
			case ops.Broadcasts(shape, n.Shape()):
				shape = n.Shape()
			case s.eqs[i].State == nil:
				return s.eqs[i].D.Shape()
			default:
				return s.eqs[i].State.Shape()
			}
		}
	}
	return shape
}

// timesParams returns the parameter c p q: a number, or a node of the given shape.
func (b *Builder) timesParams(c float64, p, q Param, shape tensor.Shape) Param {
	v, ok := p.Value()
	w, ok2 := q.Value()
	scaled := func(p Param, c float64) *G.Node { return b.mapped(b.expand(b.value(p), shape), ir.OpMulC, c) }
	switch {
	case ok && ok2:
		return Const(c * v * w)
	case ok:
		return Learn(scaled(q, c*v))
	case ok2:
		return Learn(scaled(p, c*w))
	}
	return Learn(b.Mul(scaled(p, c), b.expand(b.value(q), shape)))
}
