package h5

import (
	"encoding/binary"
	"fmt"
	"math"
)

// A Class is a kind of elements.
type Class int

// The classes of elements that are read. Booleans of h5py are Int.
const (
	Other Class = iota
	Int
	Float
	Text  // a string of fixed length
	Words // strings of different lengths
	Rows  // rows of different lengths, of which Type.Of is the type of an element
)

// A Type is the type of the elements of a data set.
type Type struct {
	Class  Class
	Size   int // bytes of an element in the file
	Signed bool
	Big    bool // the highest byte first
	Pad    byte // of Text: 0 ends with a 0, 1 is filled with 0, 2 with spaces
	Of     *Type
	name   string // of Other
}

func (t Type) String() string {
	switch t.Class {
	case Int:
		if t.Signed {
			return fmt.Sprintf("int%d", 8*t.Size)
		}
		return fmt.Sprintf("uint%d", 8*t.Size)
	case Float:
		return fmt.Sprintf("float%d", 8*t.Size)
	case Text:
		return fmt.Sprintf("text of %d bytes", t.Size)
	case Words:
		return "text"
	case Rows:
		return "rows of " + t.Of.String()
	}
	return t.name
}

// parseType reads a datatype message.
func parseType(c *cursor, depth int) (Type, error) {
	head := c.take(4)
	size := c.u32()
	if c.err != nil {
		return Type{}, c.err
	}
	if depth > 4 || size < 1 || size > 1<<20 {
		return Type{}, fmt.Errorf("a type of %d bytes, %d deep: the file is damaged", size, depth)
	}
	class, bits := head[0]&0xf, head[1]
	t := Type{Size: int(size), Big: bits&1 == 1}
	switch class {
	case 0:
		t.Class, t.Signed = Int, bits&8 != 0
		if off, precision := c.u16(), c.u16(); off != 0 || precision != 8*t.Size || t.Size > 8 || t.Size&(t.Size-1) != 0 {
			t.Class, t.name = Other, fmt.Sprintf("an integer of %d bits in %d bytes", precision, t.Size)
		}
	case 1:
		t.Class = Float
		if f := c.take(12); !ieee(t.Size, f) || bits&0x40 != 0 {
			t.Class, t.name = Other, fmt.Sprintf("a float of %d bytes that is none of IEEE 754", t.Size)
		}
	case 3:
		t.Class, t.Pad, t.Big = Text, bits&0xf, false
	case 8: // an enumeration is what its numbers are
		of, err := parseType(c, depth+1)
		if err != nil {
			return t, err
		}
		return of, nil
	case 9:
		if size != 16 {
			return t, fmt.Errorf("a row has %d bytes, want 16: the file is damaged", size)
		}
		of, err := parseType(c, depth+1)
		if err != nil {
			return t, err
		}
		t.Big = false
		if t.Class, t.Of = Rows, &of; bits&0xf == 1 {
			t.Class, t.Of = Words, nil
		}
	default:
		names := map[byte]string{2: "a time", 4: "bits", 5: "opaque bytes", 6: "compound numbers", 7: "a reference", 10: "arrays"}
		t.name = names[class]
		if t.name == "" {
			t.name = fmt.Sprintf("class %d", class)
		}
	}
	return t, c.err
}

// ieee reports whether what a file says of a float is IEEE 754's.
func ieee(size int, b []byte) bool {
	want := map[int][8]uint32{ // offset, bits, exponent at, of, mantissa at, of, bias
		2: {0, 16, 10, 5, 0, 10, 15}, 4: {0, 32, 23, 8, 0, 23, 127}, 8: {0, 64, 52, 11, 0, 52, 1023},
	}[size]
	if len(b) < 12 {
		return false
	}
	got := [8]uint32{
		uint32(binary.LittleEndian.Uint16(b)), uint32(binary.LittleEndian.Uint16(b[2:])),
		uint32(b[4]), uint32(b[5]), uint32(b[6]), uint32(b[7]), binary.LittleEndian.Uint32(b[8:]),
	}
	return got == want && got[1] > 0
}

// raw returns the bits of a number.
func (t Type) raw(b []byte) uint64 {
	var v uint64
	for i := range t.Size {
		at := t.Size - 1 - i
		if t.Big {
			at = i
		}
		v = v<<8 | uint64(b[at])
	}
	return v
}

// float returns a number.
func (t Type) float(b []byte) float64 {
	v := t.raw(b)
	switch {
	case t.Class == Float && t.Size == 2:
		return half(uint16(v))
	case t.Class == Float && t.Size == 4:
		return float64(math.Float32frombits(uint32(v)))
	case t.Class == Float:
		return math.Float64frombits(v)
	case t.Signed:
		return float64(t.extend(v))
	}
	return float64(v)
}

func (t Type) extend(v uint64) int64 {
	shift := 64 - 8*t.Size
	return int64(v<<shift) >> shift
}

// half returns the number that a float16 stands for.
func half(v uint16) float64 {
	sign, e, m := 1.0, int(v>>10&0x1f), float64(v&0x3ff)
	if v>>15 == 1 {
		sign = -1
	}
	switch e {
	case 0:
		return sign * math.Ldexp(m, -24)
	case 31:
		if m != 0 {
			return math.NaN()
		}
		return math.Inf(int(sign))
	}
	return sign * math.Ldexp(1024+m, e-25)
}
