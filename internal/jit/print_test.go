package jit

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// small is a processor with few registers, which writes for readers: what tells values
// apart from registers needs no other.
var small = &Target{
	Registers: 2, Pointers: 1, Bytes: 16,
	New: func(int) Assembler { return &listing{} },
}

// leaky makes one time step of a neuron: v ← v + c₀·(x − v), z ← v > c₁, v ← v·(1 − z).
func leaky(t *Target) *Builder {
	b := newBuilder(t, 32, 2)
	v, x := b.Load(0), b.Load(1)
	b.Ahead(1)
	v = b.Do(Add, v, b.Do(Mul, b.Do(Sub, x, v), b.Const(0)))
	z := b.Flag(Gt, v, b.Const(1))
	b.Store(2, z)
	b.Store(0, b.Do(Mul, v, b.Do(Sub, b.Literal(1), z)))
	return b
}

func TestString(t *testing.T) {
	require.Equal(t, strings.TrimPrefix(`
%0 = load p0
%1 = load p1
%2 = sub %1 %0
%3 = const c0
%4 = mul %2 %3
%5 = add %0 %4
%6 = const c1
%7 = const 0x3f800000
%8 = flag > %5 %6 %7
store p2 %8
%10 = sub %7 %8
%11 = mul %5 %10
store p0 %11
`, "\n"), leaky(small).String())

	b := newBuilder(small, 64, 0)
	b.Store(0, b.Select(Unordered, b.Load(0), b.Load(0), b.Shift(b.Load(1), 3), b.Load(1)))
	require.Equal(t, "%0 = load p0\n%1 = load p0\n%2 = load p1\n%3 = shift %2 3\n%4 = load p1\n%5 = select unordered %0 %1 %3 %4\nstore p0 %5\n", b.String())
	require.Equal(t, []string{"op(99)", "predicate(0x63)"}, []string{Op(99).String(), Predicate(99).String()})
}

// The loops of a step: over time from L1, over whole vectors from L2, the rest from L3.
// With two registers one value is parked in memory (spilled).
func TestListing(t *testing.T) {
	require.Equal(t, strings.TrimPrefix(`
	ptrs = [args.ptrs]
	consts = [args.consts]
	spills = [args.spills]
	full = [args.full]
	begin
L1:
	r0 = [ptrs + 0]
	index = 0
	next = [args.ahead]
	compare index full
	jump if not below to L3
L2:
	temp = [ptrs + 8]
	prefetch [temp + next] to read
	temp = [ptrs + 8]
	v0 = [temp + index]
	v1 = [r0 + index]
	v0 = sub v0 v1
	v0 = mul v0 [consts + 0]
	v0 = add v1 v0
	compare v0 > [consts + 4]
	v1 = flag [consts + 8]
	temp = [ptrs + 16]
	[temp + index] = v1
	[spills + 0] = v0
	v0 = all [consts + 8]
	v0 = sub v0 v1
	v1 = [spills + 0]
	v0 = mul v0 v1
	[r0 + index] = v0
	next += 16
	index += 16
	compare index full
	jump if below to L2
L3:
	compare index [args.bytes]
	jump if not below to L4
	temp = [ptrs + 8]
	v0 = [temp + index] of the rest
	v1 = [r0 + index] of the rest
	v0 = sub v0 v1
	v0 = mul v0 [consts + 0]
	v0 = add v1 v0
	compare v0 > [consts + 4]
	v1 = flag [consts + 8]
	temp = [ptrs + 16]
	[temp + index] = v1 of the rest
	[spills + 0] = v0
	v0 = all [consts + 8]
	v0 = sub v0 v1
	v1 = [spills + 0]
	v0 = mul v0 v1
	[r0 + index] = v0 of the rest
L4:
	temp = [args.strides]
	temp = [temp + 0]
	[ptrs + 0] += temp
	temp = [args.strides]
	temp = [temp + 8]
	[ptrs + 8] += temp
	temp = [args.strides]
	temp = [temp + 16]
	[ptrs + 16] += temp
	[args.steps] -= 1
	jump if not zero to L1
	leave
`, "\n"), leaky(small).Listing())
	require.Empty(t, newBuilder(nil, 32, 0).Listing())
}

// Code can be read: it is what the assembler of its target wrote.
func TestBytes(t *testing.T) {
	onEach(t, func(t *testing.T, on *Target) {
		b := leaky(on)
		c, err := Compile(b)
		require.NoError(t, err)
		a, _ := assemble(b)
		require.Equal(t, a.Bytes(), c.Bytes())
		c.Bytes()[0]++ // a copy
		require.Equal(t, a.Bytes(), c.Bytes())
	})
}
