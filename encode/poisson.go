package encode

import (
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/spikegrad/spikegrad/connect"
)

// PoissonParams are the parameters of Poisson spike trains. They are an encoder for
// package train, that of Poisson and PoissonSpikes.
type PoissonParams struct {
	FMax   float64 // rate of an input of 1, Hz
	Dt     float64 // time step, s
	Signed bool    // a negative input gives spikes of −1; otherwise it gives none
}

// DefaultPoissonParams returns f_max = 100 Hz, dt = 1 ms.
func DefaultPoissonParams() PoissonParams { return PoissonParams{FMax: 100, Dt: 1e-3} }

// Poisson writes spike trains into dst whose rates are proportional to x: in
// every step, independent of all others, the spike of an input x is
//
//	z = 1 with probability p = min(max(dt f_max x, 0), 1), else 0
//
// and, where p.Signed is set, sign(x) with probability min(dt f_max |x|, 1).
// With steps = 1 it is the encoder of a single step.
//
// The values x have any shape, such as [batch, n], and dst [steps, batch, n].
// One draw from r seeds all spikes: the same r gives the same ones. Nothing is
// allocated. An error says that dst has not steps times as many elements as x,
// that x has a NaN, that r is nil, or which parameter is out of range.
//
// D. Heeger, Poisson model of spike generation, Stanford University (2000).
func Poisson[F float32 | float64](dst, x []F, steps int, p PoissonParams, r *rand.Rand) error {
	if err := checkPlain(dst, x, steps); err != nil {
		return fmt.Errorf("encode: Poisson: %w", err)
	}
	if err := p.check(r); err != nil {
		return err
	}
	g := splitMix(r.Uint64())
	var live poissonBlock[F]
	for j := 0; j < len(x); j += blockSize {
		end := min(j+blockSize, len(x))
		live.set(x[j:end], p)
		for t := range steps {
			g = live.step(dst[t*len(x)+j:t*len(x)+end], g)
		}
	}
	return nil
}

// PoissonSpikes is Poisson for lists of spikes, dst of shape [steps, batch, …] and x
// with the elements of a step, [batch, …]. The same r gives the same spikes, which
// take the place of those of dst. Nothing is allocated once the lists have room.
func PoissonSpikes[F float32 | float64](dst *connect.Spikes, x []F, p PoissonParams, r *rand.Rand) error {
	if dst == nil {
		return fmt.Errorf("encode: Poisson: the spikes are nil")
	}
	if n := dst.Batch() * dst.Width(); n != len(x) {
		return fmt.Errorf("encode: Poisson: x has %d elements, a step of spikes of shape %v has %d", len(x), dst.Shape(), n)
	}
	if err := checkNumbers(x); err != nil {
		return fmt.Errorf("encode: Poisson: %w", err)
	}
	if err := p.check(r); err != nil {
		return err
	}
	dst.Clear()
	g := splitMix(r.Uint64())
	var live poissonBlock[F]
	var row [blockSize]F
	for j := 0; j < len(x); j += blockSize {
		end := min(j+blockSize, len(x))
		live.set(x[j:end], p)
		for t := range dst.Steps() {
			g = live.step(row[:end-j], g)
			if err := live.add(dst, row[:end-j], t, j); err != nil {
				return fmt.Errorf("encode: Poisson: %w", err)
			}
		}
	}
	return nil
}

// Encode is Poisson.
func (p PoissonParams) Encode(dst, x []float32, steps int, r *rand.Rand) error {
	return Poisson(dst, x, steps, p, r)
}

// EncodeSpikes is PoissonSpikes.
func (p PoissonParams) EncodeSpikes(dst *connect.Spikes, x []float32, r *rand.Rand) error {
	return PoissonSpikes(dst, x, p, r)
}

func (p PoissonParams) check(r *rand.Rand) error {
	switch {
	case !(p.FMax >= 0) || math.IsInf(p.FMax, 0):
		return fmt.Errorf("encode: Poisson: f_max is %v Hz, want a finite number of at least 0", p.FMax)
	case !(p.Dt > 0) || math.IsInf(p.Dt, 0):
		return fmt.Errorf("encode: Poisson: dt is %v s, want a finite number above 0", p.Dt)
	case r == nil:
		return fmt.Errorf("encode: Poisson: the random generator is nil")
	}
	return nil
}

// blockSize is how many inputs go through all steps together: few enough to
// stay in the cache, enough to write rows of a fair length.
const blockSize = 512

// A poissonBlock holds what the steps need of the inputs that can spike.
type poissonBlock[F float32 | float64] struct {
	n     int               // how many there are
	at    [blockSize]int32  // where
	limit [blockSize]uint64 // the probability, times 2³²
	z     [blockSize][2]F   // no spike, spike
}

func (b *poissonBlock[F]) set(x []F, p PoissonParams) {
	b.n = 0
	for i, v := range x {
		prob, z := p.Dt*p.FMax*float64(v), F(1)
		if p.Signed && prob < 0 {
			prob, z = -prob, -1
		}
		if !(prob > 0) { // NaN is 0 times infinity
			continue
		}
		b.at[b.n] = int32(i)
		b.limit[b.n] = uint64(math.Round(math.Min(prob, 1) * (1 << 32)))
		b.z[b.n] = [2]F{0, z}
		b.n++
	}
}

// step writes one step of the block. A random number has 64 bits, so it serves
// two inputs; comparing by the sign of a difference needs no branch, which
// would often be predicted wrongly.
func (b *poissonBlock[F]) step(row []F, g splitMix) splitMix {
	clear(row)
	at, limit, z := b.at[:b.n], b.limit[:b.n], b.z[:b.n]
	for k := 0; k < len(at)-1; k += 2 {
		var u uint64
		g, u = g.next()
		row[at[k]] = z[k][(u>>32-limit[k])>>63]
		row[at[k+1]] = z[k+1][(u&math.MaxUint32-limit[k+1])>>63]
	}
	if k := len(at) - 1; k%2 == 0 {
		var u uint64
		g, u = g.next()
		row[at[k]] = z[k][(u>>32-limit[k])>>63]
	}
	return g
}

// add adds the spikes of step t in the row of the block, which begins with element j
// of the step.
func (b *poissonBlock[F]) add(dst *connect.Spikes, row []F, t, j int) error {
	width := dst.Width()
	for _, k := range b.at[:b.n] {
		if row[k] == 0 {
			continue
		}
		at := j + int(k)
		if err := dst.Add(t, at/width, at%width, float64(row[k])); err != nil {
			return err
		}
	}
	return nil
}

// splitMix is a random generator whose numbers do not wait for each other.
//
// G. L. Steele, D. Lea and C. H. Flood, OOPSLA (2014), 453.
type splitMix uint64

func (s splitMix) next() (splitMix, uint64) {
	s += 0x9e3779b97f4a7c15 // 2⁶⁴ over the golden ratio
	z := uint64(s)
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return s, z ^ z>>31
}

// checkPlain checks what encoders of plain data have in common.
func checkPlain[F float32 | float64](dst, x []F, steps int) error {
	switch {
	case steps <= 0:
		return fmt.Errorf("%d steps, want at least 1", steps)
	case len(dst)%steps != 0 || len(dst)/steps != len(x):
		return fmt.Errorf("dst has %d elements, want %d steps of %d", len(dst), steps, len(x))
	}
	return checkNumbers(x)
}

func checkNumbers[F float32 | float64](x []F) error {
	for i, v := range x {
		if v != v {
			return fmt.Errorf("element %d of x is NaN", i)
		}
	}
	return nil
}
