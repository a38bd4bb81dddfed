//go:build unix

package files

import "syscall"

// noWait makes the opening of a FIFO return at once. Regular files do not know it.
const noWait = syscall.O_NONBLOCK
