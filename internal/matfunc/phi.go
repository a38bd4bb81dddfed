// Package matfunc computes φ(z) = (eᶻ − 1)/z of small square matrices, and its derivative in a direction.
package matfunc

import (
	"math"

	"github.com/spikegrad/spikegrad/internal/gemm"
)

// A Dual is an n×n matrix X with its derivative D in some direction, or without
// one.
type Dual struct{ X, D []float64 }

// A Phi computes φ of one n×n matrix after the other.
type Phi struct {
	Z, Value  Dual
	grown, by Dual
	n         int
}

// NewPhi returns a Phi for n×n matrices, with derivatives or without.
func NewPhi(n int, derivative bool) *Phi {
	w := &Phi{n: n}
	for _, m := range []*Dual{&w.Z, &w.Value, &w.grown, &w.by} {
		m.X = make([]float64, n*n)
		if derivative {
			m.D = make([]float64, n*n)
		}
	}
	return w
}

// PhiOf returns φ of an n×n matrix of numbers.
func PhiOf(z []float64, n int) []float64 {
	w := NewPhi(n, false)
	copy(w.Z.X, z)
	w.Compute()
	return w.Value.X
}

const (
	mostNorm = 0.5 // up to which norm φ is summed up as a series
	degree   = 14  // of the series: 0.5¹⁵/16! is below 2⁻⁵³
)

// Compute leaves in Value the φ of Z, whose value and derivative it overwrites. It
// halves z until its series converges fast, and doubles again with
//
//	φ(2z) = φ(z) + (eᶻ − 1) φ(z)/2
//	e²ᶻ − 1 = 2 (eᶻ − 1) + (eᶻ − 1)²
//
// which keeps the digits of states that hardly move beside fast ones.
//
// N. Higham, Functions of Matrices (2008), §10.7.
func (w *Phi) Compute() {
	norm := 0.
	for i := range w.n {
		sum := 0.
		for _, v := range w.Z.X[i*w.n : (i+1)*w.n] {
			sum += math.Abs(v)
		}
		norm = math.Max(norm, sum)
	}
	_, halvings := math.Frexp(norm / mostNorm)
	halvings = max(halvings, 0)
	w.Z.scale(math.Ldexp(1, -halvings))
	w.Value.identity(w.n)
	for i := degree; i > 0; i-- {
		w.product(&w.by, w.Z, w.Value)
		w.by.scale(1 / float64(i+1))
		w.Value.identity(w.n)
		w.Value.add(w.by, 1)
	}
	w.product(&w.grown, w.Z, w.Value)
	for range halvings {
		w.product(&w.by, w.grown, w.Value)
		w.Value.add(w.by, 0.5)
		w.product(&w.by, w.grown, w.grown)
		w.grown.scale(2)
		w.grown.add(w.by, 1)
	}
}

func (m Dual) scale(c float64) {
	for _, x := range [][]float64{m.X, m.D} {
		for i := range x {
			x[i] *= c
		}
	}
}

// add adds c a to m.
func (m Dual) add(a Dual, c float64) {
	for i, v := range a.X {
		m.X[i] += c * v
	}
	for i, v := range a.D {
		m.D[i] += c * v
	}
}

func (m Dual) identity(n int) {
	clear(m.X)
	clear(m.D)
	for i := range n {
		m.X[i*(n+1)] = 1
	}
}

// product makes c the product a·b.
func (w *Phi) product(c *Dual, a, b Dual) {
	w.multiply(c.X, a.X, b.X, false)
	if c.D != nil {
		w.multiply(c.D, a.D, b.X, false)
		w.multiply(c.D, a.X, b.D, true)
	}
}

// smallMatrix is the size up to which plain loops are faster than blocks.
const smallMatrix = 8

func (w *Phi) multiply(c, a, b []float64, add bool) {
	n := w.n
	if n > smallMatrix {
		gemm.Mul(gemm.Args[float64]{M: n, N: n, K: n, A: a, LdA: n, B: b, LdB: n, Accumulate: add, C: c})
		return
	}
	if !add {
		clear(c)
	}
	for i := range n {
		for k, x := range a[i*n : (i+1)*n] {
			for j, y := range b[k*n : (k+1)*n] {
				c[i*n+j] += x * y
			}
		}
	}
}
