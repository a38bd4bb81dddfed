package gemm

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// randomRuns draws runs of n elements and their lists, of w with so many elements.
func randomRuns(rng *rand.Rand, n int) (r Runs, idx []int32, sizeW int) {
	r = Runs{N: n, Count: 1 + rng.IntN(5), Step: rng.IntN(2) * (n + rng.IntN(9)), Stride: rng.IntN(3), Span: 1 + rng.IntN(3)}
	r.LdW, r.StepW = rng.IntN(2*n)-n/2, rng.IntN(2*n)-n/2
	lists := (r.Count-1)*r.Stride + r.Span
	r.Start = []int32{0}
	for range lists {
		for range rng.IntN(2) * rng.IntN(6) {
			idx = append(idx, int32(rng.IntN(20)))
		}
		r.Start = append(r.Start, int32(len(idx)))
	}
	least, most := 0, 0
	for j := range r.Count {
		for i := range 20 {
			at := j*r.StepW + i*r.LdW
			least, most = min(least, at), max(most, at)
		}
	}
	r.Base = -least
	return r, idx, most - least + n
}

func TestSumRuns32(t *testing.T) { eachLevel(t, testSumRuns(SumRuns32, 0x1p-23)) }
func TestSumRuns64(t *testing.T) { eachLevel(t, testSumRuns(SumRuns64, 0x1p-52)) }

// Sums of runs are the sums in float64, to a rounding per term.
func testSumRuns[T float](sum func(r *Runs, dst, w []T, idx []int32, val []T), eps float64) func(t *testing.T) {
	return func(t *testing.T) {
		rng := rand.New(rand.NewPCG(7, 8))
		for _, n := range lengths[1:] {
			for range 10 {
				r, idx, size := randomRuns(rng, n)
				w, val := random[T](rng, 1, size).data, random[T](rng, 1, len(idx)).data
				dst := random[T](rng, 1, (r.Count-1)*r.Step+n)
				want, terms, magnitude := make([]float64, len(dst.data)), make([]int, len(dst.data)), make([]float64, len(dst.data))
				for i, x := range dst.data {
					want[i], magnitude[i] = float64(x), math.Abs(float64(x))
				}
				for j := range r.Count {
					for e := r.Start[j*r.Stride]; e < r.Start[j*r.Stride+r.Span]; e++ {
						for i := range n {
							x := float64(val[e]) * float64(w[r.Base+j*r.StepW+int(idx[e])*r.LdW+i])
							want[j*r.Step+i] += x
							magnitude[j*r.Step+i] += math.Abs(x)
							terms[j*r.Step+i]++
						}
					}
				}
				sum(&r, dst.data, w, idx, val)
				for i := range want {
					require.InDelta(t, want[i], dst.data[i], magnitude[i]*eps*float64(terms[i]), "element %d of %+v", i, r)
				}
				dst.intact(t)
			}
		}
	}
}

func TestBadRuns(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		good := func() *Runs {
			return &Runs{N: 3, Count: 2, Step: 3, LdW: 2, Start: []int32{0, 1, 2}, Stride: 1, Span: 1}
		}
		dst, w, val := make([]float32, 6), make([]float32, 9), []float32{1, 1}
		SumRuns32(good(), dst, w, []int32{0, 3}, val)
		outside := "gemm: a run of 3 elements lies outside of w, which has 9"
		for _, bad := range []int32{4, -1, math.MaxInt32, math.MinInt32} {
			require.PanicsWithValue(t, outside, func() { SumRuns32(good(), dst, w, []int32{0, bad}, val) })
		}
		for _, change := range []func(r *Runs){
			func(r *Runs) { r.Step = 4 },
			func(r *Runs) { r.Step = -1 },
			func(r *Runs) { r.Count = 3 },
			func(r *Runs) { r.Span = 2 },
			func(r *Runs) { r.Start[2] = 3 },
			func(r *Runs) { r.Start[0] = -1 },
			func(r *Runs) { r.N = 10; r.Step = 0 },
			func(r *Runs) { r.Base = 5 },
			func(r *Runs) { r.StepW = -7 },
		} {
			r := good()
			change(r)
			require.Panics(t, func() { SumRuns32(r, dst, w, []int32{0, 3}, val) }, "%+v", r)
		}
	})
}

func randomPatches(rng *rand.Rand) Patches {
	p := Patches{
		KH: 1 + rng.IntN(5), KW: 1 + rng.IntN(5), OH: 1 + rng.IntN(9), OW: 1 + rng.IntN(40),
		StrideY: 1 + rng.IntN(3)*rng.IntN(2), StrideX: 1 + rng.IntN(3)*rng.IntN(2), DilationY: 1 + rng.IntN(3)*rng.IntN(2), DilationX: 1 + rng.IntN(3)*rng.IntN(2),
	}
	if rng.IntN(3) > 0 {
		p.StrideX, p.DilationX = p.StrideY, p.DilationY
	}
	p.Height = p.StrideY*(p.OH-1) + p.DilationY*(p.KH-1) + 1 + rng.IntN(3)
	p.Width = p.StrideX*(p.OW-1) + p.DilationX*(p.KW-1) + 1 + rng.IntN(3)
	return p
}

func TestPatches32(t *testing.T) {
	eachLevel(t, testPatches((*Patches).Copy32, (*Patches).Sum32, 0x1p-23))
}
func TestPatches64(t *testing.T) {
	eachLevel(t, testPatches((*Patches).Copy64, (*Patches).Sum64, 0x1p-52))
}

// Patches are what the definition says, and their sums those in float64.
func testPatches[T float](copyTo func(p *Patches, dst, src []T), sumTo func(p *Patches, dst, src []T, add bool), eps float64) func(t *testing.T) {
	return func(t *testing.T) {
		rng := rand.New(rand.NewPCG(9, 10))
		for range 300 {
			p := randomPatches(rng)
			image, patches := random[T](rng, 1, p.Height*p.Width), random[T](rng, 1, p.Size())
			sum, magnitude := make([]float64, p.Height*p.Width), make([]float64, p.Height*p.Width)
			add, met := rng.IntN(2) == 0, make([]bool, p.Height*p.Width)
			for i, x := range image.data {
				sum[i], magnitude[i] = float64(x), math.Abs(float64(x))
			}
			var want []T
			for k := range p.KH {
				for l := range p.KW {
					for i := range p.OH {
						for j := range p.OW {
							at := (p.StrideY*i+p.DilationY*k)*p.Width + p.StrideX*j + p.DilationX*l
							x := float64(patches.data[len(want)])
							if !add && !met[at] {
								sum[at], magnitude[at] = 0, 0
							}
							met[at] = true
							sum[at] += x
							magnitude[at] += math.Abs(x)
							want = append(want, image.data[at])
						}
					}
				}
			}
			got := random[T](rng, 1, p.Size())
			copyTo(&p, got.data, image.data)
			require.Equal(t, want, got.data, "%+v", p)
			got.intact(t)
			sumTo(&p, image.data, patches.data, add)
			for i := range sum {
				require.InDelta(t, sum[i], image.data[i], magnitude[i]*eps*float64(p.KH*p.KW), "element %d of %+v", i, p)
			}
			image.intact(t)
		}
	}
}

func TestBadPatches(t *testing.T) {
	good := Patches{Height: 4, Width: 5, KH: 2, KW: 3, OH: 3, OW: 3, StrideY: 1, StrideX: 1, DilationY: 1, DilationX: 1}
	image, patches := make([]float32, 20), make([]float32, 54)
	good.Copy32(patches, image)
	for _, change := range []func(p *Patches){
		func(p *Patches) { p.OH = 4 },
		func(p *Patches) { p.OW = 4 },
		func(p *Patches) { p.KW = 4 },
		func(p *Patches) { p.StrideY = 2 },
		func(p *Patches) { p.DilationX = 2 },
		func(p *Patches) { p.OH = 0 },
		func(p *Patches) { p.Height = 5 },
	} {
		p := good
		change(&p)
		require.Panics(t, func() { p.Copy32(patches, image) }, "%+v", p)
		require.Panics(t, func() { p.Sum32(image, patches, true) }, "%+v", p)
	}
	require.Panics(t, func() { good.Copy32(patches[:53], image) })
	require.Panics(t, func() { good.Sum32(image[:19], patches, true) })
}

func TestListRows32(t *testing.T) { eachLevel(t, testListRows(ListRows32)) }
func TestListRows64(t *testing.T) { eachLevel(t, testListRows(ListRows64)) }

func testListRows[T float](list func(x []T, ld, rows, cols int, idx []int32, val []T, start []int32, base, step, n int) int) func(t *testing.T) {
	return func(t *testing.T) {
		rng := rand.New(rand.NewPCG(13, 14))
		for range 300 {
			rows, cols := 1+rng.IntN(9), 1+rng.IntN(40)
			x, density := random[T](rng, rows, cols), rng.Float64()*rng.Float64()
			for i, v := range x.data {
				if v == v && rng.Float64() >= density {
					x.data[i] = T(math.Copysign(0, float64(v)))
				}
			}
			base, step, n := rng.IntN(100)-50, rng.IntN(100)-50, rng.IntN(3)
			var wantIdx, wantStart []int32
			var wantVal []T
			for r := range rows {
				wantStart = append(wantStart, int32(n+len(wantIdx)))
				for i, v := range x.data[r*x.ld:][:cols] {
					if v != 0 {
						wantIdx, wantVal = append(wantIdx, int32(base+r*step+i)), append(wantVal, v)
					}
				}
			}
			idx, val := make([]int32, n+rows*cols+ListRoom), random[T](rng, 1, n+rows*cols+ListRoom)
			start := make([]int32, rows)
			end := list(x.data, x.ld, rows, cols, idx, val.data, start, base, step, n)
			require.Equal(t, n+len(wantIdx), end)
			require.Equal(t, wantStart, start)
			require.Equal(t, wantIdx, append([]int32(nil), idx[n:end]...))
			require.Equal(t, wantVal, append([]T(nil), val.data[n:end]...))
			val.intact(t)
		}
	}
}

func TestBadLists(t *testing.T) {
	x, idx, val, start := make([]float32, 6), make([]int32, 22), make([]float32, 22), make([]int32, 2)
	require.Zero(t, ListRows32(x, 3, 2, 3, idx, val, start, 0, 0, 0))
	require.Panics(t, func() { ListRows32(x, 3, 3, 3, idx, val, start, 0, 0, 0) })
	require.Panics(t, func() { ListRows32(x, 3, 2, 3, idx[:21], val, start, 0, 0, 0) })
	require.Panics(t, func() { ListRows32(x, 3, 2, 3, idx, val[:21], start, 0, 0, 0) })
	require.Panics(t, func() { ListRows32(x, 3, 2, 3, idx, val, start[:1], 0, 0, 0) })
	require.Panics(t, func() { ListRows32(x, 3, 2, 3, idx, val, start, 0, 0, 1) })
}

func TestTranspose(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(11, 12))
		for range 100 {
			rows, cols := 1+rng.IntN(40), 1+rng.IntN(40)
			src, dst := random[float32](rng, rows, cols), random[float32](rng, cols, rows)
			Transpose32(dst.data, dst.ld, src.data, src.ld, rows, cols)
			for i := range rows {
				for j := range cols {
					require.Equal(t, src.at(false, i, j), dst.at(false, j, i))
				}
			}
			dst.intact(t)
		}
		require.Panics(t, func() { Transpose32(make([]float32, 5), 3, make([]float32, 6), 2, 3, 2) })
	})
}
