package connect

import (
	"fmt"
	"math"

	G "gorgonia.org/gorgonia"

	ops "github.com/spikegrad/spikegrad/internal/op"
	"github.com/spikegrad/spikegrad/internal/par"
	"github.com/spikegrad/spikegrad/internal/vec"
)

// normWork is what the loops of one operation work with.
type normWork[F vec.Float] struct {
	*batchNorm
	in   [6][]F
	sums []float64 // of a reduction: two of each group and channel
	mean []float64 // of each group and channel
	n    []float64 // values of each group
	inv  []F       // 1/√(σ² + ε) of each group and channel
}

// doNorm computes the value of an operation.
func doNorm[F vec.Float](op *normOp, vs []G.Value) (G.Value, error) {
	w, _ := op.work.(*normWork[F])
	if w == nil {
		w = &normWork[F]{batchNorm: op.c}
		op.work = w
	}
	for i, v := range vs {
		f, err := ops.FloatsIn[F](op, v)
		if err != nil {
			return nil, err
		}
		if want := op.sizes()[i]; len(f) != want {
			return nil, fmt.Errorf("connect: %v: input %d has %d elements, the graph was built for %d", op, i, len(f), want)
		}
		w.in[i] = f
	}
	y := op.Result(op.c.dt, op.Shape)
	dst := ops.Elems[F](y)
	in := w.in
	var err error
	switch op.kind {
	case normRows:
		err = w.rows(dst)
	case normStats:
		err = w.stats(op, dst, in[0], in[1], in[2][0] != 0, in[3], in[4])
	case normY:
		w.normalise(dst, in[0], in[1], in[2], in[3], in[4])
	case normMean:
		w.next(dst, in[0], in[1], 0)
	case normVar:
		w.next(dst, in[0], in[1], 1)
	case normValues:
		for i := range dst {
			dst[i] = in[0][(3*(i/w.channels)+2)*w.channels+i%w.channels]
		}
	case normSums:
		w.gradSums(dst, in[0], in[1], in[2], in[3])
	case normDX:
		err = w.gradX(op, dst, in[0], in[1], in[2], in[3], in[4], in[5])
	case normDGain, normDBias:
		w.gradAffine(dst, in[0], op.kind == normDGain)
	}
	clear(w.in[:]) // they may be lent to others
	return y, err
}

// sizes returns how many elements the inputs have.
func (op *normOp) sizes() [6]int {
	c := op.c
	x, rows := c.steps*c.batch*c.channels*c.places, c.steps*c.batch
	own, affine, stats, sums := c.own*c.channels, c.affine*c.channels, 3*c.own*c.channels, 2*c.most()*c.channels
	switch op.kind {
	case normRows:
		return [6]int{1, c.batch, c.batch, c.batch}
	case normStats:
		return [6]int{x, rows, 1, own, own}
	case normY:
		return [6]int{x, affine, affine, stats, rows}
	case normMean, normVar:
		return [6]int{stats, own}
	case normValues:
		return [6]int{stats}
	case normSums:
		return [6]int{x, x, stats, rows}
	case normDX:
		return [6]int{x, x, stats, sums, affine, rows}
	}
	return [6]int{sums}
}

// rows says of each row to which group of time steps it belongs, and whether it counts.
func (w *normWork[F]) rows(dst []F) error {
	groups := w.most()
	optional := func(i int) []F {
		if w.given[i] == 0 {
			return nil
		}
		return w.in[w.given[i]]
	}
	weight, length, before := optional(0), optional(1), optional(2)
	for t := range w.steps {
		for b := range w.batch {
			counts := (weight == nil || weight[b] != 0) && (length == nil || F(t) < length[b])
			step := t
			if before != nil {
				step += int(before[b])
			}
			if counts && w.own > 1 && step >= w.own {
				return fmt.Errorf("connect: batch norm: time step %d, and there are statistics of %d", step, w.own)
			}
			g := F(min(step, groups-1))
			if !counts {
				g = -1 - g
			}
			dst[t*w.batch+b] = g
		}
	}
	return nil
}

// row returns the group of a row among so many, and whether it counts.
func row[F vec.Float](r F, groups int) (group int, counts bool) {
	if counts = r >= 0; !counts {
		r = -1 - r
	}
	return min(int(r), groups-1), counts
}

// channelsAtOnce is how many channels of so many places are one piece of work: enough to
// be worth it. No sum is over more than one piece.
func channelsAtOnce(places int) int { return max(1, par.Rows/places) }

// each calls do for pieces of channels, c0 ≤ c < c1, of every row.
func (w *normWork[F]) each(do func(r, c0, c1, at int)) {
	par.Chunks(w.channels, channelsAtOnce(w.places), func(c0, c1 int) {
		for r := range w.steps * w.batch {
			do(r, c0, c1, (r*w.channels+c0)*w.places)
		}
	})
}

// zeros returns n zeros, in the memory of s if there is enough.
func zeros(s *[]float64, n int) []float64 {
	if cap(*s) < n {
		*s = make([]float64, n)
	}
	*s = (*s)[:n]
	clear(*s)
	return *s
}

// stats computes the statistics: first the means, then the squares of what is left.
func (w *normWork[F]) stats(op *normOp, dst, x, rows []F, training bool, mean, variance []F) error {
	c, groups := w.channels, w.own
	values := zeros(&w.n, groups)
	if training {
		for _, r := range rows {
			if g, counts := row(r, groups); counts {
				values[g] += float64(w.places)
			}
		}
	}
	means, sums := zeros(&w.mean, groups*c), zeros(&w.sums, groups*c)
	if training {
		w.each(func(r, c0, c1, at int) {
			if g, counts := row(rows[r], groups); counts {
				addSums(means[g*c+c0:g*c+c1], x[at:], w.places)
			}
		})
		for i := range means {
			means[i] /= max(1, values[i/c])
		}
		w.each(func(r, c0, c1, at int) {
			if g, counts := row(rows[r], groups); counts {
				addSquares(sums[g*c+c0:g*c+c1], x[at:], means[g*c+c0:], w.places)
			}
		})
		if err := w.joinStats(op, values, means, sums); err != nil {
			return err
		}
	}
	for g, n := range values {
		to := dst[3*g*c:][:3*c]
		for i := range c {
			if n < 2 {
				to[i], to[c+i], to[2*c+i] = mean[g*c+i], variance[g*c+i], 0
				continue
			}
			to[i], to[c+i], to[2*c+i] = F(means[g*c+i]), F(sums[g*c+i]/n), F(n)
		}
	}
	return nil
}

// addSums adds to each sum the values of its channel.
func addSums[F vec.Float](sums []float64, x []F, places int) {
	if places == 1 {
		for i, v := range x[:len(sums)] {
			sums[i] += float64(v)
		}
		return
	}
	k := vec.For[F]()
	for i := range sums {
		sums[i] += k.Total(x[i*places:][:places])
	}
}

// addSquares adds to each sum the squares of how far its channel is from the mean.
func addSquares[F vec.Float](sums []float64, x []F, means []float64, places int) {
	if places == 1 {
		for i, v := range x[:len(sums)] {
			d := float64(v) - means[i]
			sums[i] += float64(d * d)
		}
		return
	}
	k := vec.For[F]()
	for i := range sums {
		sums[i] += k.Deviations(x[i*places:][:places], means[i])
	}
}

// inverses returns 1/√(σ² + ε) of each group and channel.
func (w *normWork[F]) inverses(stats []F) []F {
	c := w.channels
	if w.inv == nil {
		w.inv = make([]F, w.own*c)
	}
	for i := range w.inv {
		w.inv[i] = F(1 / math.Sqrt(float64(stats[3*(i/c)*c+c+i%c])+w.eps))
	}
	return w.inv
}

// normalise computes y.
func (w *normWork[F]) normalise(y, x, gain, bias, stats, rows []F) {
	c, inv, scale, kernels := w.channels, w.inverses(stats), F(w.scale), vec.For[F]()
	par.Chunks(len(rows), rowsAtOnce(c*w.places), func(r0, r1 int) {
		for r := r0; r < r1; r++ {
			g, _ := row(rows[r], w.own)
			a, _ := row(rows[r], w.affine)
			mean, inv, gain, bias := stats[3*g*c:][:c], inv[g*c:][:c], gain[a*c:][:c], bias[a*c:][:c]
			if w.places == 1 {
				y, x := y[r*c:][:c], x[r*c:][:c]
				for i := range y {
					y[i] = (x[i]-mean[i])*(inv[i]*scale*gain[i]) + bias[i]
				}
				continue
			}
			for i := range c {
				at := (r*c + i) * w.places
				kernels.Normalise(y[at:][:w.places], x[at:][:w.places], mean[i], inv[i]*scale*gain[i], bias[i])
			}
		}
	})
}

// rowsAtOnce is how many rows of n elements are one piece of work.
func rowsAtOnce(n int) int { return max(1, 1<<13/n) }

// next computes the next running mean or variance, which is that row of the statistics.
func (w *normWork[F]) next(dst, stats, now []F, row int) {
	c, m := w.channels, F(w.momentum)
	for i, old := range now {
		s := stats[3*(i/c)*c:]
		n, v := float64(s[2*c+i%c]), s[row*c+i%c]
		switch {
		case n == 0:
			dst[i] = old
			continue
		case row == 1:
			v *= F(n / (n - 1))
		}
		dst[i] = (1-m)*old + m*v
	}
}
