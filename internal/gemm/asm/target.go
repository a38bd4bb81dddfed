package main

import (
	"fmt"
	"strings"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// A target is an instruction set and an element type. Kernels are written once,
// in terms of its methods.
type target struct {
	isa  string // end of the function names
	elem string // Go type
	size int    // bytes of an element
	vec  int    // bytes of a vector register
	mr   int    // rows of the tile of C that the matrix kernel holds
	tile int    // vectors that a kernel of rows holds

	move, add, fma, bcast, compare func(...Op)
}

var targets = []target{
	{isa: "AVX512", elem: "float32", size: 4, vec: 64, mr: 14, tile: 16,
		move: VMOVUPS, add: VADDPS, fma: VFMADD231PS, bcast: VBROADCASTSS, compare: VCMPPS},
	{isa: "AVX512", elem: "float64", size: 8, vec: 64, mr: 14, tile: 16,
		move: VMOVUPD, add: VADDPD, fma: VFMADD231PD, bcast: VBROADCASTSD, compare: VCMPPD},
	{isa: "AVX2", elem: "float32", size: 4, vec: 32, mr: 6, tile: 12,
		move: VMOVUPS, add: VADDPS, fma: VFMADD231PS, bcast: VBROADCASTSS, compare: VCMPPS},
	{isa: "AVX2", elem: "float64", size: 8, vec: 32, mr: 6, tile: 12,
		move: VMOVUPD, add: VADDPD, fma: VFMADD231PD, bcast: VBROADCASTSD, compare: VCMPPD},
}

func (t target) wide() bool { return t.vec == 64 }

// lanes returns the elements of a vector.
func (t target) lanes() int { return t.vec / t.size }

// text starts a function; the signature's T is the element type.
func (t target) text(name, doc, signature string) {
	full := fmt.Sprintf("%s%d%s", name, 8*t.size, t.isa)
	stores = 0
	TEXT(full, NOSPLIT, "func"+strings.ReplaceAll(signature, "T", t.elem))
	Pragma("noescape")
	Doc(full + " " + doc)
}

// done ends a function that used vector registers.
func done() {
	VZEROUPPER()
	RET()
}

// bytes turns a register that counts elements into one that counts bytes.
func (t target) bytes(r reg.Register) reg.Register {
	SHLQ(U8(log2(t.size)), r)
	return r
}

func (t target) register() reg.VecVirtual {
	if t.wide() {
		return ZMM()
	}
	return YMM()
}

func (t target) registers(n int) []reg.VecVirtual {
	rs := make([]reg.VecVirtual, n)
	for i := range rs {
		rs[i] = t.register()
	}
	return rs
}

func (t target) zero(r reg.VecVirtual) {
	if t.wide() {
		VPXORD(r, r, r)
	} else {
		VPXOR(r, r, r)
	}
}

// ones is 32 bytes of ones followed by 32 of zeros: AVX2's masks of the first
// few lanes are the 32 bytes that start where the zeros are so many lanes away.
var ones Mem

// mask returns the mask of the first n lanes, 0 ≤ n ≤ lanes.
func (t target) mask(n reg.GPVirtual) reg.Register {
	if t.wide() {
		bits, k := GP64(), K()
		MOVQ(I32(-1), bits)
		BZHIQ(n, bits, bits)
		KMOVW(bits.As32(), k)
		return k
	}
	if ones.Symbol.Name == "" {
		ones = GLOBL("ones", RODATA|NOPTR)
		for i := range 8 {
			DATA(8*i, U64(map[bool]uint64{true: 1<<64 - 1}[i < 4]))
		}
	}
	at, off, m := GP64(), GP64(), YMM()
	LEAQ(ones.Offset(32), at)
	MOVQ(n, off)
	t.bytes(off)
	SUBQ(off, at)
	VMOVDQU(Mem{Base: at}, m)
	return m
}

// load loads a vector; lanes outside of the mask become 0 and are not touched
// in memory. A nil mask is all lanes.
func (t target) load(m Mem, mask reg.Register, dst reg.VecVirtual) {
	switch {
	case mask == nil:
		t.move(m, dst)
	case t.wide() && t.size == 4:
		VMOVUPS_Z(m, mask, dst)
	case t.wide():
		VMOVUPD_Z(m, mask, dst)
	case t.size == 4:
		VMASKMOVPS(m, mask, dst)
	default:
		VMASKMOVPD(m, mask, dst)
	}
}

// store stores the lanes in the mask, which are the first ones. Without AVX-512 src
// is used up.
func (t target) store(src reg.VecVirtual, mask reg.Register, m Mem) {
	switch {
	case mask == nil:
		t.move(src, m)
	case t.wide():
		t.move(src, mask, m)
	default:
		t.storeFirst(src, mask, m)
	}
}

// storeFirst stores the lanes in the mask, half of a register after the other: AMD's
// processors take some forty steps for VMASKMOVPS, even if the mask is full.
func (t target) storeFirst(src reg.VecVirtual, mask reg.Register, m Mem) {
	stores++
	label := func(name string) string { return fmt.Sprintf("%s%dof%d", name, stores, t.size) }
	bits, to, x := GP32(), GP64(), src.AsX()
	if t.size == 4 {
		VMOVMSKPS(mask, bits)
	} else {
		VMOVMSKPD(mask, bits)
	}
	CMPL(bits, U32(1<<t.lanes()-1))
	JNE(LabelRef(label("part")))
	t.move(src, m)
	JMP(LabelRef(label("stored")))
	Label(label("part"))
	LEAQ(m, to)
	for n := t.lanes() / 2; n > 0; n /= 2 {
		next := label("stored")
		if n > 1 {
			next = label(fmt.Sprintf("less%dthan", n))
		}
		TESTL(U32(1<<(n-1)), bits)
		JZ(LabelRef(next))
		switch n * t.size {
		case 16:
			t.move(x, Mem{Base: to})
			VEXTRACTF128(U8(1), src, x)
		case 8:
			VMOVLPD(x, Mem{Base: to})
			VMOVHLPS(x, x, x)
		case 4:
			VMOVSS(x, Mem{Base: to})
		}
		if n > 1 {
			ADDQ(U8(n*t.size), to)
			SHRL(U8(n), bits)
			Label(next)
		}
	}
	Label(label("stored"))
}

// stores counts the uses of storeFirst in a function, as labels have names of their
// own there.
var stores int

// split returns by how many vectors n elements are held, and the mask of the
// last of them.
func (t target) split(n reg.GPVirtual) (vectors reg.GPVirtual, last reg.Register) {
	vectors, rest := GP64(), GP64()
	LEAQ(Mem{Base: n, Disp: -1}, vectors)
	SHRQ(U8(log2(t.lanes())), vectors)
	MOVQ(vectors, rest)
	SHLQ(U8(log2(t.lanes())), rest)
	NEGQ(rest)
	ADDQ(n, rest)
	INCQ(vectors)
	return vectors, t.mask(rest)
}

// cases writes body(i) for each i in 1..n and jumps to that of i = r.
func cases(prefix string, r reg.GPVirtual, n int, body func(i int)) {
	for i := n; i > 1; i-- {
		CMPQ(r, U8(i))
		JEQ(LabelRef(fmt.Sprintf("%s%d", prefix, i)))
	}
	for i := 1; i <= n; i++ {
		Label(fmt.Sprintf("%s%d", prefix, i))
		body(i)
	}
}

func log2(n int) uint8 {
	k := uint8(0)
	for ; 1<<k < n; k++ {
	}
	return k
}
