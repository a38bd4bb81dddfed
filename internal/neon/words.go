package neon

// A word is an instruction. Operands are registers by number, below 32, the result first;
// bits are those of an element, 32 or 64, of which a vector has 4 or 2.

// wide returns bit number at if elements have 64 bits.
func wide(bits int, at uint) uint32 {
	if bits == 64 {
		return 1 << at
	}
	return 0
}

// three writes an instruction with two operands.
func three(op uint32, d, n, m uint8) uint32 {
	return op | uint32(m)<<16 | uint32(n)<<5 | uint32(d)
}

// FAdd, FSub, FMul and FDiv are n ∘ m.
func FAdd(bits int, d, n, m uint8) uint32 { return three(0x4e20d400|wide(bits, 22), d, n, m) }
func FSub(bits int, d, n, m uint8) uint32 { return three(0x4ea0d400|wide(bits, 22), d, n, m) }
func FMul(bits int, d, n, m uint8) uint32 { return three(0x6e20dc00|wide(bits, 22), d, n, m) }
func FDiv(bits int, d, n, m uint8) uint32 { return three(0x6e20fc00|wide(bits, 22), d, n, m) }

// FMla adds n·m to d, and FMls takes it away: rounded once.
func FMla(bits int, d, n, m uint8) uint32 { return three(0x4e20cc00|wide(bits, 22), d, n, m) }
func FMls(bits int, d, n, m uint8) uint32 { return three(0x4ea0cc00|wide(bits, 22), d, n, m) }

// FMlaFirst adds n·m[0] to d: the first element of m stands for all.
func FMlaFirst(bits int, d, n, m uint8) uint32 { return three(0x4f801000|wide(bits, 22), d, n, m) }

// FCmEq, FCmGe and FCmGt fill the elements of d where n ∘ m with ones, and others with 0;
// with a NaN nothing holds.
func FCmEq(bits int, d, n, m uint8) uint32 { return three(0x4e20e400|wide(bits, 22), d, n, m) }
func FCmGe(bits int, d, n, m uint8) uint32 { return three(0x6e20e400|wide(bits, 22), d, n, m) }
func FCmGt(bits int, d, n, m uint8) uint32 { return three(0x6ea0e400|wide(bits, 22), d, n, m) }

// FSqrt is the root; FRintN, FRintM and FRintP round to whole numbers: to the nearest, ties
// to even, down, and up.
func FSqrt(bits int, d, n uint8) uint32  { return three(0x6ea1f800|wide(bits, 22), d, n, 0) }
func FRintN(bits int, d, n uint8) uint32 { return three(0x4e218800|wide(bits, 22), d, n, 0) }
func FRintM(bits int, d, n uint8) uint32 { return three(0x4e219800|wide(bits, 22), d, n, 0) }
func FRintP(bits int, d, n uint8) uint32 { return three(0x4ea18800|wide(bits, 22), d, n, 0) }

// And, Or, Xor and Not are on all bits, as is Bsl, which takes n where d has ones and m
// elsewhere; Bit takes n where m has ones, Bif where it has none, and keeps the rest of d.
// Move is Or of a register with itself.
func And(d, n, m uint8) uint32 { return three(0x4e201c00, d, n, m) }
func Or(d, n, m uint8) uint32  { return three(0x4ea01c00, d, n, m) }
func Xor(d, n, m uint8) uint32 { return three(0x6e201c00, d, n, m) }
func Bsl(d, n, m uint8) uint32 { return three(0x6e601c00, d, n, m) }
func Bit(d, n, m uint8) uint32 { return three(0x6ea01c00, d, n, m) }
func Bif(d, n, m uint8) uint32 { return three(0x6ee01c00, d, n, m) }
func Not(d, n uint8) uint32    { return three(0x6e205800, d, n, 0) }
func Move(d, n uint8) uint32   { return Or(d, n, n) }
func Zero(d uint8) uint32      { return 0x6f00e400 | uint32(d) }

// Add and Sub are on integers.
func Add(bits int, d, n, m uint8) uint32 { return three(0x4ea08400|wide(bits, 22), d, n, m) }
func Sub(bits int, d, n, m uint8) uint32 { return three(0x6ea08400|wide(bits, 22), d, n, m) }

// Shl moves bits up, UShr down, by some.
func Shl(bits int, d, n uint8, by int) uint32 {
	return three(0x4f005400, d, n, 0) | uint32(bits+by)<<16
}
func UShr(bits int, d, n uint8, by int) uint32 {
	return three(0x6f000400, d, n, 0) | uint32(2*bits-by)<<16
}

// Dup fills d with element i of n.
func Dup(bits int, d, n uint8, i int) uint32 {
	if bits == 64 {
		return three(0x4e000400, d, n, uint8(i<<4|8))
	}
	return three(0x4e000400, d, n, uint8(i<<3|4))
}

// Trn1 and Trn2 take even, and odd, elements of n and m in turn; Zip1 and Zip2 the
// elements of their lower halves, and of their upper ones, in turn.
func Trn1(bits int, d, n, m uint8) uint32 { return three(0x4e802800|wide(bits, 22), d, n, m) }
func Trn2(bits int, d, n, m uint8) uint32 { return three(0x4e806800|wide(bits, 22), d, n, m) }
func Zip1(bits int, d, n, m uint8) uint32 { return three(0x4e803800|wide(bits, 22), d, n, m) }
func Zip2(bits int, d, n, m uint8) uint32 { return three(0x4e807800|wide(bits, 22), d, n, m) }

// Uzp1 takes the even elements of n and then those of m, which have 8, 16 or 32 bits.
func Uzp1(bits int, d, n, m uint8) uint32 {
	return three(0x4e001800, d, n, m) | uint32(bits/16)<<22
}

// Middle takes of each 16 bits of n those from the fifth to the twelfth: 64 in all, the
// upper 64 of d being 0.
func Middle(d, n uint8) uint32 { return three(0x0f0c8400, d, n, 0) }

// AddPairs adds integers that are side by side, in n and then in m.
func AddPairs(bits int, d, n, m uint8) uint32 { return three(0x4ea0bc00|wide(bits, 22), d, n, m) }

// FAddPair adds the two lowest elements of n.
func FAddPair(bits int, d, n uint8) uint32 { return three(0x7e30d800|wide(bits, 22), d, n, 0) }

// Widen and WidenUpper make float64 of the two lower, or upper, float32 of n.
func Widen(d, n uint8) uint32      { return three(0x0e617800, d, n, 0) }
func WidenUpper(d, n uint8) uint32 { return three(0x4e617800, d, n, 0) }

// Most returns in the lowest 32 bits of d the largest of the four unsigned integers in n.
func Most(d, n uint8) uint32 { return three(0x6eb0a800, d, n, 0) }

// Of memory: load and store q, the 16 bytes of a register, or its lowest 8 or 4 bytes, of
// which a load sets the others to 0.
var (
	loads  = map[int]uint32{16: 0x3dc00000, 8: 0xfd400000, 4: 0xbd400000}
	stores = map[int]uint32{16: 0x3d800000, 8: 0xfd000000, 4: 0xbd000000}
)

// Load and Store move so many bytes at [base + at], where at is a multiple of them, not
// negative and less than 4096 of them (Reaches).
func Load(bytes int, d, base uint8, at int) uint32  { return immediate(loads, bytes, d, base, at) }
func Store(bytes int, d, base uint8, at int) uint32 { return immediate(stores, bytes, d, base, at) }

func immediate(ops map[int]uint32, bytes int, d, base uint8, at int) uint32 {
	return ops[bytes] | uint32(at/bytes)<<10 | uint32(base)<<5 | uint32(d)
}

// Reaches reports whether Load and Store have room for at.
func Reaches(bytes, at int) bool { return at >= 0 && at%bytes == 0 && at/bytes < 4096 }

// LoadAt and StoreAt are Load and Store at [base + index].
func LoadAt(bytes int, d, base, index uint8) uint32  { return indexed(loads, bytes, d, base, index) }
func StoreAt(bytes int, d, base, index uint8) uint32 { return indexed(stores, bytes, d, base, index) }

func indexed(ops map[int]uint32, bytes int, d, base, index uint8) uint32 {
	return ops[bytes]&^(1<<24) | 1<<21 | 0x6800 | uint32(index)<<16 | uint32(base)<<5 | uint32(d)
}

// LoadAll fills d with the element at [base].
func LoadAll(bits int, d, base uint8) uint32 {
	return 0x4d40c800 | wide(bits, 10) | uint32(base)<<5 | uint32(d)
}

// LoadLane puts the element at [base] in the place of element i of d, StoreLane element i
// of d there.
func LoadLane(bits int, d uint8, i int, base uint8) uint32 { return lane(0x0d408000, bits, d, i, base) }
func StoreLane(bits int, d uint8, i int, base uint8) uint32 {
	return lane(0x0d008000, bits, d, i, base)
}

func lane(op uint32, bits int, d uint8, i int, base uint8) uint32 {
	op |= uint32(base)<<5 | uint32(d)
	if bits == 64 {
		return op | 1<<10 | uint32(i)<<30
	}
	return op | uint32(i>>1)<<30 | uint32(i&1)<<12
}

// ToInt moves the lowest 32 bits of n to general-purpose register d.
func ToInt(d, n uint8) uint32 { return three(0x1e260000, d, n, 0) }
