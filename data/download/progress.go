package download

import (
	"time"

	"github.com/spikegrad/spikegrad/internal/guard"
)

// A teller tells somebody how far a file is, some times a second.
type teller struct {
	tell func(Progress)
	p    Progress
	last time.Time
}

func newTeller(tell func(Progress), p Progress) *teller { return &teller{tell: tell, p: p} }

// often tells unless it has just been told.
func (t *teller) often(done int64) error {
	if t.tell == nil || time.Since(t.last) < 100*time.Millisecond {
		return nil
	}
	return t.now(done)
}

func (t *teller) now(done int64) error {
	if t.tell == nil {
		return nil
	}
	t.p.Done, t.last = done, time.Now()
	return guard.Call("", "Progress", nil, func() error { t.tell(t.p); return nil })
}
