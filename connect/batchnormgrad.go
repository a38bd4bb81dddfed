package connect

import (
	"github.com/spikegrad/spikegrad/internal/par"
	"github.com/spikegrad/spikegrad/internal/vec"
)

// gradSums computes Σ dy and Σ dy x̂ of each group and channel.
func (w *normWork[F]) gradSums(dst, dy, x, stats, rows []F) {
	c, inv, groups := w.channels, w.inverses(stats), w.most()
	sums := zeros(&w.sums, 2*groups*c)
	w.each(func(r, c0, c1, at int) {
		g, counts := row(rows[r], w.own)
		a, _ := row(rows[r], groups)
		first, second, means, inv := sums[2*a*c:][c0:c1], sums[(2*a+1)*c:][c0:c1], stats[3*g*c:][c0:c1], inv[g*c:][c0:c1]
		n := (c1 - c0) * w.places
		dy, x := dy[at:][:n], x[at:][:n]
		for i := 0; i < n && !counts; i++ { // what does not count need not be finite
			if d := float64(dy[i]); d != 0 {
				k := i / w.places
				first[k], second[k] = first[k]+d, second[k]+d*(float64(x[i])-float64(means[k]))*float64(inv[k])
			}
		}
		if counts {
			addProducts(first, second, dy, x, means, inv, w.places)
		}
	})
	for i, s := range sums {
		dst[i] = F(s)
	}
}

// addProducts adds to the sums those of dy, and of dy x̂, of each channel.
func addProducts[F vec.Float](first, second []float64, dy, x, means, inv []F, places int) {
	if places == 1 {
		for i, d := range dy {
			d := float64(d)
			first[i] += d
			second[i] += d * (float64(x[i]) - float64(means[i])) * float64(inv[i])
		}
		return
	}
	k := vec.For[F]()
	for i := range first {
		s, p := k.Products(dy[i*places:][:places], x[i*places:][:places], float64(means[i]))
		first[i] += s
		second[i] += p * float64(inv[i])
	}
}

// gradAffine adds up the sums of the groups that have one gain or bias.
func (w *normWork[F]) gradAffine(dst, sums []F, gain bool) {
	c, each := w.channels, w.most()/w.affine
	factor, row := F(1), 0
	if gain {
		factor, row = F(w.scale), 1
	}
	for i := range dst {
		var s F
		for g := range each {
			s += sums[(2*(i/c*each+g)+row)*c+i%c]
		}
		dst[i] = factor * s
	}
}

// gradX computes the gradient of x, element by element over dy if that is its place.
func (w *normWork[F]) gradX(op *normOp, dx, dy, x, stats, sums, gain, rows []F) error {
	c, inv, scale, through, kernels := w.channels, w.inverses(stats), F(w.scale), w.through(stats, sums, gain), vec.For[F]()
	if err := w.joinThrough(op, through); err != nil {
		return err
	}
	par.Chunks(len(rows), rowsAtOnce(c*w.places), func(r0, r1 int) {
		for r := r0; r < r1; r++ {
			g, counts := row(rows[r], w.own)
			a, _ := row(rows[r], w.affine)
			first, second, mean, inv, gain := through[2*g*c:][:c], through[(2*g+1)*c:][:c], stats[3*g*c:][:c], inv[g*c:][:c], gain[a*c:][:c]
			at := r * c * w.places
			dx, dy, x := dx[at:][:c*w.places], dy[at:][:c*w.places], x[at:][:c*w.places]
			switch {
			case !counts:
				for i, d := range dy {
					dx[i] = scale * inv[i/w.places] * gain[i/w.places] * d
				}
			case w.places == 1:
				for i, d := range dy {
					dx[i] = scale * inv[i] * (gain[i]*d - F(first[i]) - (x[i]-mean[i])*inv[i]*F(second[i]))
				}
			default:
				for i := range c {
					at := i * w.places
					kernels.NormGrad(dx[at:][:w.places], dy[at:], x[at:], mean[i], gain[i], F(first[i]), inv[i]*F(second[i]), scale*inv[i])
				}
			}
		}
	})
	return nil
}

// through returns what of the gradients goes through the statistics: for each group of
// these the sums times the gain, by the number of values.
func (w *normWork[F]) through(stats, sums, gain []F) []float64 {
	c := w.channels
	all := zeros(&w.sums, 2*w.own*c)
	for a := range w.most() {
		g, k := min(a, w.own-1), min(a, w.affine-1)
		for i := range c {
			n := float64(stats[(3*g+2)*c+i])
			if n == 0 {
				continue // the running ones depend on nothing
			}
			by := float64(gain[k*c+i]) / n
			all[2*g*c+i] += by * float64(sums[2*a*c+i])
			all[(2*g+1)*c+i] += by * float64(sums[(2*a+1)*c+i])
		}
	}
	return all
}
