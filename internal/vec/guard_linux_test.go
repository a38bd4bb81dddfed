package vec

import (
	"syscall"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"

	"github.com/spikegrad/spikegrad/internal/cpu"
)

// TestGuard runs every kernel on slices that end where readable memory ends,
// and on some that begin where it begins: a kernel that touches anything else
// ends the test with a fault.
func TestGuard(t *testing.T) {
	for _, level := range cpu.Levels() {
		t.Run(level.String()+"/float32", func(t *testing.T) { testGuard[float32](t, level) })
		t.Run(level.String()+"/float64", func(t *testing.T) { testGuard[float64](t, level) })
	}
}

func testGuard[F Float](t *testing.T, level cpu.Level) {
	page := syscall.Getpagesize()
	memory, err := syscall.Mmap(-1, 0, 3*page, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	require.NoError(t, err)
	defer func() { require.NoError(t, syscall.Munmap(memory)) }()
	require.NoError(t, syscall.Mprotect(memory[:page], syscall.PROT_NONE))
	require.NoError(t, syscall.Mprotect(memory[2*page:], syscall.PROT_NONE))
	all := unsafe.Slice((*F)(unsafe.Pointer(&memory[page])), page/int(unsafe.Sizeof(F(0))))

	k := force[F](t, level)
	for n := range 150 {
		for _, x := range [][]F{all[:n], all[len(all)-n:]} {
			for _, c := range calls(t, k) {
				c.run(x, [3][]F{x, x, x}, 1)
			}
			k.Sum(x)
			k.Total(x)
			k.Deviations(x, 1)
			k.Products(x, x, 1)
			k.Finite(x)
			k.Adam(x, x, x, x, 1, 2, 3, 4, 5, 6, 7, 8, 9)
		}
	}
}
