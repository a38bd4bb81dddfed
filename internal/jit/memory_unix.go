//go:build linux || darwin || freebsd || netbsd || openbsd

package jit

import (
	"fmt"
	"sync"

	"golang.org/x/sys/unix"
)

// permitted reports whether the system lets memory be made executable; some
// forbid it.
var permitted = sync.OnceValue(func() bool {
	m, err := executable(make([]byte, 64))
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
