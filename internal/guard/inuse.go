package guard

import (
	"errors"
	"sync"
)

// ErrInUse is what a second caller gets.
var ErrInUse = errors.New("in use by another goroutine")

// An InUse lets one caller in at a time: it belongs to memory that only one may use.
// The zero value lets the first one in. It costs one compare-and-swap to enter and
// one to leave.
type InUse struct{ mu sync.Mutex }

// Enter reports whether the caller is in. It never waits.
func (u *InUse) Enter() bool { return u.mu.TryLock() }

// Leave lets the next one in.
func (u *InUse) Leave() { u.mu.Unlock() }

// Lend runs f, which may be somebody else's, while others may be in: what f calls is
// one of them. Whoever is in then ends first, which is the only time that anybody
// waits; so nobody who is in may wait for others.
func (u *InUse) Lend(f func() error) error {
	u.mu.Unlock()
	defer u.mu.Lock()
	return f()
}
