package vec

import "github.com/spikegrad/spikegrad/internal/cpu"

// Float is the element type of a kernel.
type Float interface{ float32 | float64 }

// Kernels holds the kernels of one element type. A destination may be the same
// slice as any operand, but must not overlap one in part. Operands have at
// least len(dst) elements, which the kernels do not check; only len(dst)
// elements are read and written.
type Kernels[F Float] struct {
	// Arithmetic, dst = a ∘ b. Division by zero is that of IEEE 754. Max is NaN
	// where either operand is; of two zeros it returns b. Pow is that of package
	// math.
	Add, Sub, Mul, Div, Max, Pow func(dst, a, b []F)

	// Comparisons, 1 where a ∘ b and else 0. With a NaN all are 0 but Ne, which
	// is 1.
	Gt, Ge, Lt, Le, Eq, Ne func(dst, a, b []F)

	// Arithmetic with a constant, dst = a ∘ c. MaxC and MinC are NaN where a is,
	// and everywhere if c is; of two zeros they return a's.
	AddC, MulC, DivC, MaxC, MinC, PowC func(dst, a []F, c F)

	RSubC func(dst, a []F, c F) // c − a
	RDivC func(dst, a []F, c F) // c / a

	// Comparisons with a constant, 1 where a ∘ c and else 0.
	GtC, GeC, LtC, LeC, EqC, NeC func(dst, a []F, c F)

	// Functions, dst = f(a), NaN where a is.
	Neg    func(dst, a []F) // −a, also of zeros
	Abs    func(dst, a []F) // a without its sign bit
	Sign   func(dst, a []F) // 1 where a > 0, −1 where a < 0, else a
	Square func(dst, a []F) // a·a
	Cube   func(dst, a []F) // (a·a)·a
	Sqrt   func(dst, a []F) // correctly rounded
	Inv    func(dst, a []F) // 1/a
	Relu   func(dst, a []F) // 0 where a < 0, else a
	Floor  func(dst, a []F) // the largest integer ≤ a
	Ceil   func(dst, a []F) // the smallest integer ≥ a

	// Functions that are no single operation, within 2 ulp and with the limits
	// of package math. For large |a| Sigmoid and Softplus reach theirs, too.
	Exp, Expm1, Log, Log2, Log1p, Tanh func(dst, a []F)

	Sigmoid  func(dst, a []F) // 1 / (1 + exp(−a))
	Softplus func(dst, a []F) // log(1 + exp(a))

	Sin, Cos func(dst, a []F) // those of package math

	// Sums of products, each rounded after the product and after the sum: not fused.
	MulAdd      func(dst, a, b, c []F)       // a·b + c
	MulRSub     func(dst, a, b, c []F)       // c − a·b
	MulAddC     func(dst, a []F, k F, c []F) // k·a + c
	OneMinusMul func(dst, z, v []F)          // (1 − z)·v

	// A normalisation of what has one mean, and its gradient, every operation rounded.
	Normalise func(dst, a []F, mean, by, bias F)                   // (a − mean)·by + bias
	NormGrad  func(dst, dy, x []F, mean, gain, shift, slope, by F) // ((dy·gain − shift) − (x − mean)·slope)·by

	Fill func(dst []F, c F) // c

	// Adam takes a step of the optimiser of that name. It changes the weights w and
	// the moments m and v, which are as long, by the gradient g:
	//
	//	g' = g + decay·w
	//	m ← beta1·m + rest1·g'
	//	v ← beta2·v + (rest2·g')·g'
	//	w ← keep·w − rate·m / (root·√v + epsilon)
	//
	// Moments go through Flush.
	Adam func(w, g, m, v []F, rate, root, beta1, rest1, beta2, rest2, epsilon, decay, keep F)

	// Sum adds element i to running sum i mod 32, from zero and in order, then
	// folds the upper half of the running sums onto the lower half until one is
	// left (a tree). This order holds on every path. 32 sums of float32 are two
	// vectors of AVX-512 and four of AVX2, which need not wait for each other.
	Sum func(a []F) F

	// Sums in float64 of whatever elements are: Σ a, Σ (a − mean)², and Σ a with
	// Σ a·(b − mean). As far as there are whole groups of 8 elements, element i goes to
	// running sum i mod 8, and these are folded as those of Sum are; the rest is added to
	// the result in order. This order holds on every path.
	Total      func(a []F) float64
	Deviations func(a []F, mean float64) float64
	Products   func(a, b []F, mean float64) (sum, products float64)

	// Finite reports whether no element is NaN or ±Inf.
	Finite func(a []F) bool
}

// Coefficients are the numbers in the functions that are no single operation.
type Coefficients struct {
	Exp          []float64 // of (exp(r) − 1 − r) / r², from the constant term on
	Tanh         []float64 // of (tanh(a) − a) / a³ in a², up to TanhBend
	Ln2Hi, Ln2Lo float64   // log 2 in two parts
}

// TanhBend is where Tanh changes from one formula to the other.
const TanhBend = 0.625

// set holds the kernels of one instruction set.
type set struct {
	f32 Kernels[float32]
	f64 Kernels[float64]
}

// A level that has no kernels of its own gets those in plain Go.
func init() {
	for l, s := range sets {
		if s == nil {
			sets[l] = sets[cpu.Go]
		}
	}
}

// For returns the kernels of F for the instruction set in force, cpu.Kernels. Those
// handed out before another one was forced stay what they are. It costs a load.
func For[F Float]() *Kernels[F] {
	s := sets[cpu.Kernels()]
	var k any = &s.f32
	if _, ok := k.(*Kernels[F]); !ok {
		k = &s.f64
	}
	return k.(*Kernels[F])
}
