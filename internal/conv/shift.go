package conv

import "github.com/spikegrad/spikegrad/internal/vec"

// A shifter computes convolutions of groups with few outputs, as depthwise ones are, where a
// matrix product would have a row or two. To y, laid out as one vector with rows as
// long as those of x with margins, each element of the kernel adds that vector of x which
// begins where the element meets the first pixel, times itself:
//
//	y[i, j] = Σ_k,l w[k, l] x[i + k, j + l]
//
// What is behind the end of a row of y is not kept. Where the kernel moves by s pixels, x is
// cut into s×s images of every s-th row and column first (phases), and an element
// of the kernel meets one of them. For the gradients dy has zeros behind its rows.
type shifter[F vec.Float] struct {
	*Geometry
	v           *vec.Kernels[F]
	high, wide  int   // of a phase
	at          []int // for each element of the kernel, where it meets the first pixel of y in the phases
	rows        []stretch
	len, phases int // of the vectors; of all phases
}

// shiftOut is up to how many outputs of a group it takes less time than patches.
const shiftOut = 2

func newShifter[F vec.Float](c *Geometry, out int) *shifter[F] {
	if c.out > out {
		return nil
	}
	height, _ := c.y.sizes()
	width, _ := c.x.sizes()
	s := &shifter[F]{Geometry: c, v: vec.For[F](), high: ceilDiv(height, c.y.Stride), wide: ceilDiv(width, c.x.Stride)}
	for k := range c.y.kernel {
		for l := range c.x.kernel {
			row, column := k*c.y.Dilation, l*c.x.Dilation
			s.at = append(s.at, s.phase(row, column)+row/c.y.Stride*s.wide+column/c.x.Stride)
		}
	}
	s.len = (c.y.out-1)*s.wide + c.x.out
	s.phases = s.high * s.wide * c.y.Stride * c.x.Stride
	s.rows = s.stretches()
	return s
}

// phase returns where the phase begins that has a row and a column of x with margins.
func (s *shifter[F]) phase(row, column int) int {
	return (row%s.y.Stride*s.x.Stride + column%s.x.Stride) * s.high * s.wide
}

// shifted is what a goroutine needs for a shifter.
type shifted[F vec.Float] struct {
	x    []F // phases, whose margins stay 0
	dx   []F // phases
	y    []F // y, or dy with zeros
	dots []F // products that are added up
}

// A stretch is what of a row of x lies in one row of a phase: n elements from at on, x.Stride
// apart, which are those from in on of the phases.
type stretch struct{ at, in, n int }

// stretches returns those of a channel of x.
func (s *shifter[F]) stretches() []stretch {
	var all []stretch
	for i := range s.y.in {
		row := i + s.y.Pad
		for j := range min(s.x.Stride, s.x.in) {
			column := j + s.x.Pad
			in := s.phase(row, column) + row/s.y.Stride*s.wide + column/s.x.Stride
			all = append(all, stretch{i*s.x.in + j, in, ceilDiv(s.x.in-j, s.x.Stride)})
		}
	}
	return all
}

// enter cuts a channel of x into phases.
func (s *shifter[F]) enter(b *shifted[F], x []F) {
	to := room(&b.x, s.phases)
	for _, r := range s.rows {
		if s.x.Stride == 1 {
			copy(to[r.in:r.in+r.n], x[r.at:])
			continue
		}
		for k := range r.n {
			to[r.in+k] = x[r.at+k*s.x.Stride]
		}
	}
}

// leave is the reverse.
func (s *shifter[F]) leave(b *shifted[F], dx []F) {
	for _, r := range s.rows {
		if s.x.Stride == 1 {
			copy(dx[r.at:r.at+r.n], b.dx[r.in:])
			continue
		}
		for k := range r.n {
			dx[r.at+k*s.x.Stride] = b.dx[r.in+k]
		}
	}
}

// widen lays out a channel of dy.
func (s *shifter[F]) widen(b *shifted[F], dy []F) []F {
	to := room(&b.y, s.y.out*s.wide)
	for i := range s.y.out {
		row := to[i*s.wide : (i+1)*s.wide]
		copy(row, dy[i*s.x.out:(i+1)*s.x.out])
		clear(row[s.x.out:])
	}
	return to[:s.len]
}

// forward computes y of what a group has of an image.
func (s *shifter[F]) forward(b *shifted[F], y, x, w []F) {
	size, taps := s.y.out*s.x.out, len(s.at)
	sums := room(&b.y, s.out*s.y.out*s.wide)
	for c := range s.in {
		s.enter(b, part(x, c, s.y.in*s.x.in))
		for o := range s.out {
			sum := part(sums, o, s.y.out*s.wide)[:s.len]
			for e, v := range part(w, o*s.in+c, taps) {
				if x := b.x[s.at[e]:][:s.len]; c == 0 && e == 0 {
					s.v.MulC(sum, x, v)
				} else {
					s.v.MulAddC(sum, x, v, sum)
				}
			}
		}
	}
	for o := range s.out {
		for i := range s.y.out {
			copy(y[o*size+i*s.x.out:][:s.x.out], sums[(o*s.y.out+i)*s.wide:])
		}
	}
}

// gradX computes dx of what a group has of an image.
func (s *shifter[F]) gradX(b *shifted[F], dx, dy, w []F) {
	taps := len(s.at)
	sum := room(&b.dx, s.phases)
	for c := range s.in {
		clear(sum)
		for o := range s.out {
			y := s.widen(b, part(dy, o, s.y.out*s.x.out))
			for e, v := range part(w, o*s.in+c, taps) {
				to := sum[s.at[e]:][:s.len]
				s.v.MulAddC(to, y, v, to)
			}
		}
		s.leave(b, part(dx, c, s.y.in*s.x.in))
	}
}

// gradW adds to dw what a group has of an image.
func (s *shifter[F]) gradW(b *shifted[F], dw, x, dy []F) {
	taps := len(s.at)
	dots := room(&b.dots, s.len)
	for c := range s.in {
		s.enter(b, part(x, c, s.y.in*s.x.in))
		for o := range s.out {
			y := s.widen(b, part(dy, o, s.y.out*s.x.out))
			to := part(dw, o*s.in+c, taps)
			for e := range to {
				s.v.Mul(dots, y, b.x[s.at[e]:][:s.len])
				to[e] += s.v.Sum(dots)
			}
		}
	}
}

// ns is denseTime for a shifter.
func (s *shifter[F]) ns() float64 {
	return float64(s.patch()*s.out) * (nsShift + nsLane*float64(s.len))
}
