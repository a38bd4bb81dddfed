//go:build amd64 && (linux || darwin || freebsd || netbsd || openbsd)

package jit

import (
	"fmt"
	"sync"

	"golang.org/x/sys/unix"

	"github.com/spikegrad/spikegrad/internal/cpu"
)

// available returns the targets that this processor and system run.
func available() (ts []*target) {
	if !permitted() {
		return nil
	}
	for _, l := range cpu.Levels() {
		switch l {
		case cpu.AVX2:
			ts = append(ts, avx2)
		case cpu.AVX512:
			ts = append(ts, avx512)
		}
	}
	return ts
}

// permitted reports whether the system lets memory be made executable; some
// forbid it.
var permitted = sync.OnceValue(func() bool {
	m, err := executable([]byte{0xc3})
	if err == nil {
		release(m)
	}
	return err == nil
})

// executable returns memory that holds the code. It is never writable and
// executable at the same time.
func executable(text []byte) ([]byte, error) {
	m, err := unix.Mmap(-1, 0, len(text), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE)
	if err != nil {
		return nil, fmt.Errorf("jit: memory for code: %w", err)
	}
	copy(m, text)
	if err := unix.Mprotect(m, unix.PROT_READ|unix.PROT_EXEC); err != nil {
		release(m)
		return nil, fmt.Errorf("jit: executable memory: %w", err)
	}
	return m, nil
}

func release(m []byte) { _ = unix.Munmap(m) }

// call runs code, which is at the start of executable memory.
//
//go:noescape
func call(code *byte, f *frame)
