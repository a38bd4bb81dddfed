package vec

import (
	"flag"
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spikegrad/spikegrad/internal/cpu"
)

// stride 1 tries all float32: go test -run Accuracy32 -stride 1 -timeout 1h.
var stride = flag.Uint64("stride", 7919, "distance of the bit patterns that TestAccuracy32 tries")

// bound is the error that Kernels promises, in ulp.
const bound = 2

// function is a kernel with its truth, to float64 and to any precision.
type function struct {
	name string
	f32  func(*Kernels[float32]) func(dst, a []float32)
	f64  func(*Kernels[float64]) func(dst, a []float64)
	math func(x float64) float64
	big  func(x *big.Float) *big.Float
}

var functions = []function{
	{"Exp", func(k *Kernels[float32]) func(dst, a []float32) { return k.Exp }, func(k *Kernels[float64]) func(dst, a []float64) { return k.Exp }, math.Exp, bigExp},
	{"Expm1", func(k *Kernels[float32]) func(dst, a []float32) { return k.Expm1 }, func(k *Kernels[float64]) func(dst, a []float64) { return k.Expm1 }, math.Expm1, bigExpm1},
	{"Log", func(k *Kernels[float32]) func(dst, a []float32) { return k.Log }, func(k *Kernels[float64]) func(dst, a []float64) { return k.Log }, math.Log, bigLog},
	{"Log2", func(k *Kernels[float32]) func(dst, a []float32) { return k.Log2 }, func(k *Kernels[float64]) func(dst, a []float64) { return k.Log2 }, log2of, bigLog2},
	{"Log1p", func(k *Kernels[float32]) func(dst, a []float32) { return k.Log1p }, func(k *Kernels[float64]) func(dst, a []float64) { return k.Log1p }, math.Log1p, bigLog1p},
	{"Tanh", func(k *Kernels[float32]) func(dst, a []float32) { return k.Tanh }, func(k *Kernels[float64]) func(dst, a []float64) { return k.Tanh }, math.Tanh, bigTanh},
	{"Sigmoid", func(k *Kernels[float32]) func(dst, a []float32) { return k.Sigmoid }, func(k *Kernels[float64]) func(dst, a []float64) { return k.Sigmoid }, sigmoid64, bigSigmoid},
	{"Softplus", func(k *Kernels[float32]) func(dst, a []float32) { return k.Softplus }, func(k *Kernels[float64]) func(dst, a []float64) { return k.Softplus }, softplus64, bigSoftplus},
}

// TestAccuracy32 compares with float64, whose own error is below 1e-8 ulp.
func TestAccuracy32(t *testing.T) {
	const block = 1 << 12
	x, y := make([]float32, block), make([]float32, block)
	for _, level := range cpu.Levels() {
		for _, f := range functions {
			t.Run(level.String()+"/"+f.name, func(t *testing.T) {
				kernel := f.f32(force[float32](t, level))
				worst, at := 0.0, float32(0)
				for next := uint64(0); next < 1<<32; {
					n := 0
					for ; n < block && next < 1<<32; n++ {
						x[n] = math.Float32frombits(uint32(next))
						next += *stride
					}
					kernel(y[:n], x[:n])
					for i, x := range x[:n] {
						want := f.math(float64(x))
						if e := ulps32(y[i], want); !(e <= worst) {
							worst, at = e, x
						}
					}
				}
				t.Logf("%.3f ulp at %v", worst, at)
				require.LessOrEqual(t, worst, float64(bound), "at %v", at)
			})
		}
	}
}

// ulps32 returns the distance of got from want in units of the last place of a
// float32, 0 if both are NaN or want rounds to the infinity that got is.
func ulps32(got float32, want float64) float64 {
	if math.IsNaN(want) && got != got || got == float32(want) {
		if math.IsNaN(want) || math.IsInf(float64(got), 0) {
			return 0
		}
	}
	return math.Abs(float64(got)-want) / max(math.Ldexp(1, math.Ilogb(want)-23), 0x1p-149)
}

// TestAccuracy64 compares with numbers of arbitrary precision, at points drawn
// on a linear and on a logarithmic scale and around the limits of the reductions.
func TestAccuracy64(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, f := range functions {
		var x []float64
		for range 400 {
			x = append(x, rng.NormFloat64(), 3*rng.NormFloat64(), 0.5+rng.Float64(),
				math.Ldexp(1+rng.Float64(), rng.IntN(70)-60), -math.Ldexp(1+rng.Float64(), rng.IntN(70)-60))
		}
		for range 100 {
			x = append(x, math.Float64frombits(rng.Uint64()&^(1<<62)), 708+2*rng.Float64(), -708-38*rng.Float64(), 0x1p-1074*float64(rng.IntN(1000)))
		}
		y := make([]float64, len(x))
		want := make([]*big.Float, len(x))
		for i, x := range x {
			if (f.name == "Log" || f.name == "Log2") && x <= 0 || f.name == "Log1p" && x <= -1 || math.IsNaN(x) || math.Abs(x) > 1e300 {
				continue
			}
			want[i] = f.big(new(big.Float).SetPrec(precision).SetFloat64(x))
		}
		for _, level := range cpu.Levels() {
			t.Run(level.String()+"/"+f.name, func(t *testing.T) {
				f.f64(force[float64](t, level))(y, x)
				worst, at := 0.0, 0.0
				for i, want := range want {
					if want == nil {
						continue
					}
					if e := ulps64(y[i], want); !(e <= worst) {
						worst, at = e, x[i]
					}
				}
				t.Logf("%.3f ulp at %v", worst, at)
				require.LessOrEqual(t, worst, float64(bound), "at %v", at)
			})
		}
	}
}

func ulps64(got float64, want *big.Float) float64 {
	w, _ := want.Float64()
	if got == w && math.IsInf(w, 0) {
		return 0
	}
	if math.IsNaN(got) || math.IsInf(got, 0) {
		return math.Inf(1)
	}
	d := new(big.Float).SetPrec(precision).SetFloat64(got)
	d.Sub(d, want)
	d.Abs(d)
	last := -1074
	if want.Sign() != 0 {
		last = max(want.MantExp(nil)-53, -1074)
	}
	d.SetMantExp(d, -last)
	e, _ := d.Float64()
	return e
}

// The truth: functions in 160 bits whose relative error stays small for small
// arguments.

const precision = 160

func number(x float64) *big.Float { return new(big.Float).SetPrec(precision).SetFloat64(x) }
func sum2(x, y *big.Float) *big.Float {
	return new(big.Float).SetPrec(precision).Add(x, y)
}
func product(x, y *big.Float) *big.Float {
	return new(big.Float).SetPrec(precision).Mul(x, y)
}
func quotient(x, y *big.Float) *big.Float {
	return new(big.Float).SetPrec(precision).Quo(x, y)
}

// bigExpm1 sums the series for x / 2^k and doubles k times:
// e^2x − 1 = (e^x − 1)(e^x − 1 + 2).
func bigExpm1(x *big.Float) *big.Float {
	if x.Sign() == 0 {
		return x
	}
	k := max(x.MantExp(nil)+8, 0)
	if x.MantExp(nil) > 12 { // beyond all ranges: the squares would go on for long
		if x.Sign() < 0 {
			return number(-1)
		}
		return number(math.Inf(1))
	}
	r := new(big.Float).SetMantExp(x, -k)
	term, total := r, r
	for n := 2; n < 30; n++ {
		term = quotient(product(term, r), number(float64(n)))
		total = sum2(total, term)
	}
	for range k {
		total = product(total, sum2(total, number(2)))
	}
	return total
}

func bigExp(x *big.Float) *big.Float {
	if x.Sign() < 0 { // no cancellation
		return quotient(number(1), bigExp(new(big.Float).Neg(x)))
	}
	return sum2(number(1), bigExpm1(x))
}

// bigAtanh2 returns 2 atanh(s) for |s| < 0.18.
func bigAtanh2(s *big.Float) *big.Float {
	power, total := s, s
	for n := 3; n < 80; n += 2 {
		power = product(power, product(s, s))
		total = sum2(total, quotient(power, number(float64(n))))
	}
	return product(total, number(2))
}

var bigLn2 = sum2(bigAtanh2(quotient(number(1), number(7))), bigAtanh2(quotient(number(1), number(7)))) // 2 log(4/3)

func init() { // log 2 = 2 log(4/3) + log(9/8)
	bigLn2 = sum2(bigLn2, bigAtanh2(quotient(number(1), number(17))))
}

func bigLog(x *big.Float) *big.Float {
	m := new(big.Float)
	e := x.MantExp(m) // m in [½, 1)
	if m.Cmp(number(math.Sqrt2/2)) < 0 {
		m.SetMantExp(m, 1)
		e--
	}
	y := bigAtanh2(quotient(sum2(m, number(-1)), sum2(m, number(1))))
	return sum2(product(number(float64(e)), bigLn2), y)
}

func bigLog2(x *big.Float) *big.Float { return quotient(bigLog(x), bigLn2) }

func bigLog1p(x *big.Float) *big.Float {
	if x.MantExp(nil) < -2 {
		return bigAtanh2(quotient(x, sum2(x, number(2))))
	}
	return bigLog(sum2(number(1), x))
}

func bigTanh(x *big.Float) *big.Float {
	if x.MantExp(nil) > 8 {
		return number(float64(x.Sign()))
	}
	e := bigExpm1(product(x, number(2)))
	return quotient(e, sum2(e, number(2)))
}

func bigSigmoid(x *big.Float) *big.Float {
	return quotient(number(1), sum2(number(1), bigExp(new(big.Float).Neg(x))))
}

func bigSoftplus(x *big.Float) *big.Float {
	if x.Sign() > 0 {
		return sum2(x, bigSoftplus(new(big.Float).Neg(x)))
	}
	return bigLog1p(bigExp(x))
}

// force returns the kernels of a level, which is in force until t ends.
func force[F Float](t testing.TB, level cpu.Level) *Kernels[F] {
	restore, err := cpu.ForceKernels(level)
	require.NoError(t, err)
	t.Cleanup(restore)
	return For[F]()
}
