package jit

import (
	"math/rand/v2"
	"syscall"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
)

// Code reads and writes its elements and no others: on places that end where memory
// ends anything else ends the test with a fault. Nor does it write behind the memory
// for values that find no register.
func TestGuard(t *testing.T) {
	onEach(t, func(t *testing.T, on *Target) {
		testGuard[float32](t, on)
		testGuard[float64](t, on)
	})
}

func testGuard[F float32 | float64](t *testing.T, on *Target) {
	page := syscall.Getpagesize()
	memory, err := syscall.Mmap(-1, 0, 3*page, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	require.NoError(t, err)
	defer func() { require.NoError(t, syscall.Munmap(memory)) }()
	require.NoError(t, syscall.Mprotect(memory[:page], syscall.PROT_NONE))
	require.NoError(t, syscall.Mprotect(memory[2*page:], syscall.PROT_NONE))
	all := unsafe.Slice((*F)(unsafe.Pointer(&memory[page])), page*8/width[F]())

	for seed := range uint64(100) {
		b := random[F](on, rand.New(rand.NewPCG(seed, 2)), 1+int(seed*seed%157))
		c, err := Compile(b)
		require.NoError(t, err)
		f := c.NewFrame()
		SetConsts(f, []F{1, 2, 3})
		f.spills = aligned(c.spills + 1024)
		behind := f.spills[c.spills:]
		for i := range behind {
			behind[i] = 0xa5
		}
		f.args.Spills = &f.spills[0]
		for n := range 40 {
			for _, x := range [][]F{all[:n], all[len(all)-n:]} {
				for p := range Ptr(b.nPtrs) {
					Point(f, p, x, 0)
				}
				f.Run(n, 2, 0)
			}
		}
		for _, x := range behind {
			require.EqualValues(t, 0xa5, x)
		}
	}
}
