package gemm

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// lengths are lengths of rows around the sizes of tiles.
var lengths = []int{0, 1, 3, 7, 8, 9, 16, 17, 31, 64, 95, 96, 97, 130, 192, 256, 257, 300, 512, 515}

// indices draws some rows, some of them twice.
func indices(rng *rand.Rand, rows int) []int32 {
	idx := make([]int32, rng.IntN(2*rows))
	for j := range idx {
		idx[j] = int32(rng.IntN(rows))
	}
	return idx
}

func TestRows32(t *testing.T) { eachLevel(t, testRows(AddRows32, AxpyRows32)) }
func TestRows64(t *testing.T) { eachLevel(t, testRows(AddRows64, AxpyRows64)) }

// Sums of rows are those of plain Go: to the last bit where nothing is
// multiplied, else to a rounding per term.
func testRows[T float](
	add func(dst, w []T, ldw int, idx []int32),
	axpy func(dst, w []T, ldw int, idx []int32, val []T),
) func(t *testing.T) {
	eps := 0x1p-23
	if _, double := any(T(0)).(float64); double {
		eps = 0x1p-52
	}
	return func(t *testing.T) {
		rng := rand.New(rand.NewPCG(1, 2))
		for _, n := range lengths {
			rows := 1 + rng.IntN(20)
			w, idx := random[T](rng, rows, n), indices(rng, rows)
			if n == 0 {
				idx = nil
			}
			clone := func(x []T) []T { return append([]T(nil), x...) }

			dst := random[T](rng, 1, n)
			want := clone(dst.data)
			require.True(t, addRowsGo(want, w.data, w.ld, idx, rows))
			add(dst.data, w.data, w.ld, idx)
			require.Equal(t, want, clone(dst.data))
			dst.intact(t)

			val := random[T](rng, 1, len(idx)).data
			size := make([]T, n)
			for i := range size {
				size[i] = T(math.Abs(float64(want[i])))
				for j, r := range idx {
					size[i] += T(math.Abs(float64(val[j] * w.at(false, int(r), i))))
				}
			}
			require.True(t, axpyRowsGo(want, w.data, w.ld, idx, val, rows))
			axpy(dst.data, w.data, w.ld, idx, val)
			for i := range want {
				require.InDelta(t, want[i], dst.data[i], float64(size[i])*eps*float64(len(idx)+1))
			}
			dst.intact(t)
		}
	}
}

// A product with spikes has the bits of the sum of the rows that spiked, and a
// product with any numbers those of the sum of their multiples.
func TestRowsAreProduct(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(3, 4))
		const in, out = 900, 70
		w := random[float32](rng, in, out)
		for _, spikes := range []bool{true, false} {
			x := make([]float32, in)
			for i := range x {
				if rng.Float64() < 0.1 {
					x[i] = 1
					if !spikes {
						x[i] = float32(rng.NormFloat64())
					}
				}
			}
			dense, sparse := make([]float32, out), make([]float32, out)
			Float32(false, false, 1, out, in, x, in, w.data, w.ld, false, dense, out)
			idx := make([]int32, in)
			n, ones := NonZero32(x, idx)
			require.Equal(t, spikes, ones)
			if spikes {
				AddRows32(sparse, w.data, w.ld, idx[:n])
			} else {
				val := make([]float32, n)
				for j, i := range idx[:n] {
					val[j] = x[i]
				}
				AxpyRows32(sparse, w.data, w.ld, idx[:n], val)
			}
			require.Equal(t, dense, sparse)
		}
	})
}

func TestNonZero32(t *testing.T) { eachLevel(t, testNonZero(NonZero32, Count32)) }
func TestNonZero64(t *testing.T) { eachLevel(t, testNonZero(NonZero64, Count64)) }

func testNonZero[T float](nonZero func(x []T, idx []int32) (int, bool), count func(x []T) int) func(t *testing.T) {
	return func(t *testing.T) {
		rng := rand.New(rand.NewPCG(5, 6))
		others := []T{T(math.NaN()), T(math.Inf(-1)), -1, 0.5, math.SmallestNonzeroFloat32, 1 + 0x1p-23}
		negZero := T(math.Copysign(0, -1))
		for i := range 1000 {
			x := make([]T, rng.IntN(140))
			density := rng.Float64() * rng.Float64()
			if i%7 == 0 {
				density = float64(i % 2)
			}
			want, ones := []int32{}, true
			for p := range x {
				if rng.IntN(2) == 0 {
					x[p] = negZero
				}
				if rng.Float64() < density {
					x[p] = 1
					want = append(want, int32(p))
				}
			}
			if len(want) > 0 && i%3 == 0 {
				x[want[rng.IntN(len(want))]] = others[rng.IntN(len(others))]
				ones = false
			}
			around := make([]int32, len(x)+20)
			for p := range around {
				around[p] = -1
			}
			n, all := nonZero(x, around[:rng.IntN(len(x)+1):len(x)])
			require.Equal(t, want, append([]int32{}, around[:n]...))
			require.Equal(t, ones, all)
			require.Equal(t, len(want), count(x))
			for _, v := range around[len(x):] {
				require.Equal(t, int32(-1), v, "written past the room for positions")
			}
		}
	}
}

func TestBadRows(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		w, row := make([]float32, 10), make([]float32, 3) // two rows, 4 apart
		for _, bad := range []int32{2, -1, math.MaxInt32, math.MinInt32} {
			idx := []int32{0, 1, bad}
			message := fmt.Sprintf("gemm: idx[2] = %d, but w has 2 rows", bad)
			require.PanicsWithValue(t, message, func() { AddRows32(row, w, 4, idx) })
			require.PanicsWithValue(t, message, func() { AxpyRows32(row, w, 4, idx, make([]float32, 3)) })
		}
		require.PanicsWithValue(t, "gemm: idx[0] = 0, but w has 0 rows", func() { AddRows32(row, nil, 3, []int32{0}) })
		require.PanicsWithValue(t, "gemm: w has rows of 3 elements, 0 apart", func() { AddRows32(row, w, 0, nil) })
		require.PanicsWithValue(t, "gemm: 1 values for 2 indices", func() { AxpyRows32(row, w, 4, []int32{0, 1}, row[:1]) })
		require.PanicsWithValue(t, "gemm: room for 2 positions, want 3", func() { NonZero32(row, make([]int32, 2)) })
	})
}

func ExampleAddRows32() {
	w := []float32{ // 3 inputs, 2 outputs
		1, 10,
		2, 20,
		3, 30,
	}
	spikes := []float32{1, 0, 1}
	idx := make([]int32, len(spikes))
	n, ones := NonZero32(spikes, idx)
	y := make([]float32, 2)
	AddRows32(y, w, 2, idx[:n])
	fmt.Println(idx[:n], ones, y)
	// Output: [0 2] true [4 40]
}
