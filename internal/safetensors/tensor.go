package safetensors

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"unsafe"

	"github.com/spikegrad/spikegrad/internal/describe"
)

// A File is what a file holds.
type File struct {
	Metadata map[string]string // without the checksum
	Tensors  []Tensor
	Checked  bool // the file had a checksum, and it held
}

// A Tensor is a named array in row-major order.
type Tensor struct {
	Name  string
	Shape []int
	DType string // "F32"
	Data  any    // []float32 for F32, []float64 for F64, else the bytes of the file
}

// Of returns a tensor of float32 or float64.
func Of[F float32 | float64](name string, shape []int, data []F) Tensor {
	t := Tensor{Name: name, Shape: shape, DType: "F64", Data: data}
	if unsafe.Sizeof(F(0)) == 4 {
		t.DType = "F32"
	}
	return t
}

// sizes are the bytes of an element by dtype.
var sizes = map[string]int{
	"BOOL": 1, "U8": 1, "I8": 1, "F8_E5M2": 1, "F8_E4M3": 1, "F8_E8M0": 1,
	"I16": 2, "U16": 2, "F16": 2, "BF16": 2,
	"I32": 4, "U32": 4, "F32": 4,
	"I64": 8, "U64": 8, "F64": 8, "C64": 8,
}

// byteLen returns how many bytes a tensor has in a file.
func byteLen(dtype string, shape []int) (int64, error) {
	n, ok := int64(sizes[dtype]), true
	if n == 0 {
		return 0, fmt.Errorf("elements are of type %s, which is not known", describe.Quote(dtype))
	}
	empty := slices.Contains(shape, 0)
	for _, d := range shape {
		if d < 0 {
			return 0, fmt.Errorf("shape is %v, want axes of at least 0", describe.Numbers(shape))
		}
		if empty {
			continue
		}
		if ok = n <= math.MaxInt64/int64(d); !ok {
			return 0, fmt.Errorf("shape is %v, which is more than there is", describe.Numbers(shape))
		}
		n *= int64(d)
	}
	if empty {
		n = 0
	}
	return n, nil
}

// raw returns the bytes of data as they are in memory, not a copy.
func raw(data any) []byte {
	switch d := data.(type) {
	case []float32:
		return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(d))), 4*len(d))
	case []float64:
		return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(d))), 8*len(d))
	case []byte:
		return d
	}
	return nil
}

// room returns memory for n bytes of elements of a type.
func room(dtype string, n int64) any {
	switch dtype {
	case "F32":
		return make([]float32, n/4)
	case "F64":
		return make([]float64, n/8)
	}
	return make([]byte, n)
}

// swapped reports whether the processor has numbers the other way round than the
// files.
var swapped = binary.NativeEndian.Uint16([]byte{1, 0}) != 1

// swap turns the order of the bytes in floats round, from that of the processor
// to that of a file or back.
func swap(dtype string, b []byte) {
	if dtype != "F32" && dtype != "F64" {
		return
	}
	for n := sizes[dtype]; len(b) >= n; b = b[n:] {
		slices.Reverse(b[:n])
	}
}
