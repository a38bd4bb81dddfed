package gemm

import (
	"math/rand/v2"
	"os"
	"syscall"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
)

// guarded returns n random elements behind which memory may not be touched.
func guarded[T any](t *testing.T, n int, random func() T) []T {
	t.Helper()
	var elem T
	size, page := n*int(unsafe.Sizeof(elem)), os.Getpagesize()
	length := ceil(size, page)*page + page
	all, err := syscall.Mmap(-1, 0, length, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, syscall.Munmap(all)) })
	require.NoError(t, syscall.Mprotect(all[length-page:], syscall.PROT_NONE))
	if n == 0 {
		return nil
	}
	x := unsafe.Slice((*T)(unsafe.Pointer(&all[length-page-size])), n)
	for i := range x {
		x[i] = random()
	}
	return x
}

// Nothing is read or written past the end of a slice: here that is a fault.
func TestGuard(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(1, 2))
		single := func() float32 { return float32(rng.NormFloat64()) }
		spike := func() float64 { return float64(rng.IntN(2)) }
		for i := range 200 {
			transA, transB := i&1 > 0, i&2 > 0
			m, n, k := 1+rng.IntN(40), 1+rng.IntN(40), 1+rng.IntN(40)
			if i%10 == 0 {
				m = 300 // B is packed
			}
			lda, ldb := k, n
			if transA {
				lda = m
			}
			if transB {
				ldb = k
			}
			a, b, c := guarded(t, m*k, single), guarded(t, k*n, single), guarded(t, m*n, single)
			Float32(transA, transB, m, n, k, a, lda, b, ldb, i&4 > 0, c, n)

			w, row := guarded(t, m*n, spike), guarded(t, n, spike)
			idx := guarded(t, k, func() int32 { return int32(rng.IntN(m)) })
			val := guarded(t, k, spike)
			AddRows64(row, w, n, idx)
			AxpyRows64(row, w, n, idx, val)
			NonZero64(val, idx)
			Count64(val)

			r, list, size := randomRuns(rng, n)
			SumRuns32(&r, guarded(t, (r.Count-1)*r.Step+n, single), guarded(t, size, single), list, guarded(t, len(list), single))
			p := randomPatches(rng)
			image, patches := guarded(t, p.Height*p.Width, single), guarded(t, p.Size(), single)
			p.Copy32(patches, image)
			p.Sum32(image, patches, i%2 == 0)
			small := guarded(t, m*n, single)
			MeanOfFour32(small, guarded(t, 4*m*n, single), m, n, 2*n)
			SpreadToFour32(guarded(t, 4*m*n, single), small, m, n, 2*n)
			list = guarded(t, m*n+ListRoom, func() int32 { return 0 })
			ListRows64(w, n, m, n, list, guarded(t, m*n+ListRoom, spike), guarded(t, m, func() int32 { return 0 }), 0, n, 0)
		}
	})
}
