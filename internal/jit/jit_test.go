package jit

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spikegrad/spikegrad/internal/cpu"
	"github.com/spikegrad/spikegrad/internal/long"
	"github.com/spikegrad/spikegrad/internal/vec"
)

// evaluate runs the instructions of b on one lane in plain Go. memory holds the
// element of each place.
func evaluate[F float32 | float64](b *Builder, consts, memory []F) {
	values := make([]F, len(b.instrs))
	arg := func(in instr, i int) F { return values[in.args[i]] }
	for i, in := range b.instrs {
		switch in.op {
		case load:
			values[i] = memory[in.ptr]
		case store:
			memory[in.ptr] = arg(in, 0)
		case constant:
			if in.k < len(consts) {
				values[i] = consts[in.k]
			} else {
				values[i] = fromBits[F](b.literals[in.k-len(consts)])
			}
		case Flag:
			if holds(in.pred, arg(in, 0), arg(in, 1)) {
				values[i] = arg(in, 2)
			}
		case Select:
			values[i] = arg(in, 3)
			if holds(in.pred, arg(in, 0), arg(in, 1)) {
				values[i] = arg(in, 2)
			}
		case Shift:
			values[i] = fromBits[F](bitsOf(arg(in, 0)) << in.k)
		case Sqrt:
			values[i] = F(math.Sqrt(float64(arg(in, 0))))
		case Floor:
			values[i] = F(math.Floor(float64(arg(in, 0))))
		case Ceil:
			values[i] = F(math.Ceil(float64(arg(in, 0))))
		case Nearest:
			values[i] = F(math.RoundToEven(float64(arg(in, 0))))
		case Scale:
			x, n := float64(arg(in, 0)), float64(arg(in, 1))
			values[i] = F(x * math.Exp2(n))
			if !math.IsNaN(n) && !math.IsInf(n, 0) {
				values[i] = F(math.Ldexp(x, int(max(-5000, min(5000, n)))))
			}
		case FMA:
			values[i] = F(math.FMA(float64(arg(in, 0)), float64(arg(in, 1)), float64(arg(in, 2))))
		case FNMA:
			values[i] = F(math.FMA(-float64(arg(in, 0)), float64(arg(in, 1)), float64(arg(in, 2))))
		default:
			values[i] = arith(in.op, arg(in, 0), arg(in, 1))
		}
	}
}

func arith[F float32 | float64](op Op, a, b F) F {
	switch op {
	case Add:
		return a + b
	case Sub:
		return a - b
	case Mul:
		return F(a * b)
	case Div:
		return a / b
	case Max:
		if a > b {
			return a
		}
		return b
	case Min:
		if a < b {
			return a
		}
		return b
	case And:
		return fromBits[F](bitsOf(a) & bitsOf(b))
	case Or:
		return fromBits[F](bitsOf(a) | bitsOf(b))
	}
	return fromBits[F](bitsOf(a) ^ bitsOf(b))
}

func holds[F float32 | float64](p Predicate, a, b F) bool {
	switch p {
	case Eq:
		return a == b
	case Ne:
		return a != b
	case Unordered:
		return a != a || b != b
	case Different:
		return a < b || a > b
	case Lt:
		return a < b
	case Le:
		return a <= b
	case Ge:
		return a >= b
	}
	return a > b
}

func bitsOf[F float32 | float64](x F) uint64 {
	if y, ok := any(x).(float32); ok {
		return uint64(math.Float32bits(y))
	}
	return math.Float64bits(float64(x))
}

func fromBits[F float32 | float64](u uint64) F {
	var x F
	if _, ok := any(x).(float32); ok {
		return F(math.Float32frombits(uint32(u)))
	}
	return F(math.Float64frombits(u))
}

func width[F float32 | float64]() int {
	var x F
	if _, ok := any(x).(float32); ok {
		return 32
	}
	return 64
}

// random returns a program that exercises the allocation of registers: places
// that are read before and after they are written, values that live long.
func random[F float32 | float64](on *Target, r *rand.Rand, size int) *Builder {
	b := newBuilder(on, width[F](), 3)
	places := 1 + r.IntN(9)
	values := []Value{b.Load(0), b.Const(r.IntN(3))}
	pick := func() Value {
		if r.IntN(3) > 0 { // a recent one
			return values[len(values)-1-r.IntN(min(4, len(values)))]
		}
		return values[r.IntN(len(values))]
	}
	predicates := []Predicate{Eq, Unordered, Ne, Different, Lt, Le, Ge, Gt}
	for range size {
		p := predicates[r.IntN(len(predicates))]
		var v Value
		switch k := r.IntN(20); {
		case k < 2:
			v = b.Load(Ptr(r.IntN(places)))
		case k < 3:
			v = b.Const(r.IntN(3))
		case k < 4:
			v = b.Literal(float64(r.IntN(5)))
		case k < 6:
			b.Store(Ptr(r.IntN(places)), pick())
			continue
		case k < 8:
			v = b.Flag(p, pick(), pick())
		case k < 9:
			v = b.Select(p, pick(), pick(), pick(), pick())
		case k < 10:
			v = b.Do([]Op{Sqrt, Floor, Ceil, Nearest}[r.IntN(4)], pick())
		case k < 11 && width[F]() == 64: // exact in the evaluation
			v = b.Do([]Op{FMA, FNMA}[r.IntN(2)], pick(), pick(), pick())
		case k < 13: // the sign alone, as that of a NaN is not defined
			v = b.Do([]Op{Or, Xor}[r.IntN(2)], pick(), b.Sign())
		case k < 14:
			v = b.Do(And, pick(), b.Word(1<<(b.bits-1)-1))
		case k < 15:
			v = b.scale(pick(), b.Literal(float64(r.IntN(9)-4)))
		default:
			v = b.Do([]Op{Add, Sub, Mul, Div, Max, Min}[r.IntN(6)], pick(), pick())
		}
		values = append(values, v)
	}
	// Some values live to the end.
	for range r.IntN(40) {
		b.Store(Ptr(r.IntN(places)), b.Do(Add, pick(), values[r.IntN(len(values))]))
	}
	b.Store(0, pick())
	return b
}

func testRandom[F float32 | float64](t require.TestingT, on *Target, seed uint64, size int) {
	r := rand.New(rand.NewPCG(seed, 1))
	b := random[F](on, r, size)
	n, steps, rows := 1+r.IntN(70), 1+r.IntN(4), 80
	if r.IntN(3) == 0 {
		b.Ahead(0)
	}
	c, err := Compile(b)
	require.NoError(t, err)
	if r.IntN(2) == 0 { // in several calls, of time steps or of pieces of one
		c.elements = (1 + r.IntN(6)) * (on.Bytes * 8 / width[F]())
	}
	f := c.NewFrame()
	consts := []F{F(r.NormFloat64()), 1, F(math.NaN())}
	SetConsts(f, consts)

	got, want := make([][]F, b.nPtrs), make([][]F, b.nPtrs)
	strides := make([]int, b.nPtrs)
	for p := range got {
		got[p], want[p] = make([]F, steps*rows), make([]F, steps*rows)
		for i := range got[p] {
			x := F(r.NormFloat64())
			switch r.IntN(12) {
			case 0:
				x = 0
			case 1:
				x = F(math.Inf(1))
			case 2:
				x = F(math.NaN())
			}
			got[p][i], want[p][i] = x, x
		}
		strides[p] = []int{0, rows}[r.IntN(2)]
		Point(f, Ptr(p), got[p], strides[p])
	}
	f.Run(n, steps, rows)

	memory := make([]F, b.nPtrs)
	for s := range steps {
		for i := range n {
			for p := range memory {
				memory[p] = want[p][s*strides[p]+i]
			}
			evaluate(b, consts, memory)
			for p := range memory {
				want[p][s*strides[p]+i] = memory[p]
			}
		}
	}
	for p := range want {
		for i := range want[p] {
			a, w := got[p][i], want[p][i]
			if a == a || w == w { // the bits of a NaN are not defined
				require.Equal(t, bitsOf(w), bitsOf(a), "place %d, element %d of %d: got %v, want %v", p, i, n, a, w)
			}
		}
	}
}

// onEach runs a test on each instruction set that there is here.
func onEach(t *testing.T, test func(t *testing.T, on *Target)) {
	if len(available()) == 0 {
		t.Skip("generated code does not run here")
	}
	for _, on := range available() {
		t.Run(on.Level.String(), func(t *testing.T) { test(t, on) })
	}
}

// The code of random programs gives the bits of plain Go.
func TestRandomPrograms(t *testing.T) {
	long.Test(t)
	onEach(t, func(t *testing.T, on *Target) {
		for seed := range uint64(400) {
			size := 1 + int(seed*seed%157)
			t.Run(fmt.Sprint(seed), func(t *testing.T) {
				testRandom[float32](t, on, seed, size)
				testRandom[float64](t, on, seed, size)
			})
		}
	})
}

// Operands of one instruction may all be read from places that have no register.
func TestPlaces(t *testing.T) {
	onEach(t, func(t *testing.T, on *Target) {
		b := newBuilder(on, 32, 0)
		for range 2 { // these places are used most
			for p := range Ptr(4) {
				b.Store(p, b.Do(Add, b.Load(p), b.Load(p)))
			}
		}
		b.Store(8, b.Select(Lt, b.Load(4), b.Load(5), b.Load(6), b.Load(7)))
		c, err := Compile(b)
		require.NoError(t, err)
		f := c.NewFrame()
		const n = 21
		x := make([][]float32, 9)
		want := make([]float32, n)
		for p := range x {
			x[p] = make([]float32, n)
			for i := range x[p] {
				x[p][i] = float32(p*100 + i*i*(p+3)%17)
			}
			Point(f, Ptr(p), x[p], 0)
		}
		for i := range n {
			x[4][i] = float32(i * 7 % 13)
			x[5][i] = float32(i * 5 % 11)
			if want[i] = x[7][i]; x[4][i] < x[5][i] {
				want[i] = x[6][i]
			}
		}
		f.Run(n, 1, 0)
		require.Equal(t, want, x[8])
	})
}

// The functions give the bits of the kernels of package vec.
func TestFunctions(t *testing.T) {
	onEach(t, func(t *testing.T, on *Target) {
		testFunctions[float32](t, on)
		testFunctions[float64](t, on)
	})
}

func testFunctions[F float32 | float64](t *testing.T, on *Target) {
	r := rand.New(rand.NewPCG(1, 2))
	x := []F{0, F(math.Copysign(0, -1)), F(math.Inf(1)), F(math.Inf(-1)), F(math.NaN()), 1e-30, 88.7, -87.4, -103.9, 709.7, -745, 0.625, -0.625}
	for len(x) < 100_001 {
		x = append(x, F(r.NormFloat64()*math.Exp(6*r.NormFloat64())))
	}
	restore, err := cpu.ForceKernels(on.Level)
	require.NoError(t, err)
	defer restore()
	k := vec.For[F]()
	for name, f := range map[string]struct {
		kernel func(dst, a []F)
		code   func(*Builder, Value) Value
	}{"exp": {k.Exp, (*Builder).Exp}, "sigmoid": {k.Sigmoid, (*Builder).Sigmoid}, "tanh": {k.Tanh, (*Builder).Tanh}} {
		b := newBuilder(on, width[F](), 0)
		b.Store(1, f.code(b, b.Load(0)))
		c, err := Compile(b)
		require.NoError(t, err)
		got, want := make([]F, len(x)), make([]F, len(x))
		frame := c.NewFrame()
		Point(frame, 0, x, 0)
		Point(frame, 1, got, 0)
		frame.Run(len(x), 1, 0)
		f.kernel(want, x)
		for i := range x {
			if want[i] == want[i] || got[i] == got[i] {
				require.Equal(t, bitsOf(want[i]), bitsOf(got[i]), "%s of %v: got %v, want %v", name, x[i], got[i], want[i])
			}
		}
	}
}

// Code that is longer than jumps reach is refused, so that kernels run in its place.
func TestReach(t *testing.T) {
	onEach(t, func(t *testing.T, on *Target) {
		near := *on
		b := leaky(&near)
		a, _ := assemble(b)
		near.Reach = a.Len()
		_, err := Compile(b)
		require.NoError(t, err)
		near.Reach--
		_, err = Compile(b)
		require.EqualError(t, err, fmt.Sprintf("jit: the code of a step takes %d bytes, and jumps of %v reach %d", a.Len(), on.Level, a.Len()-1))
	})
}
