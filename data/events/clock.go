package events

// A clock makes times that go on of a counter that begins anew after period µs. A
// fall by more than half of the period is a new beginning; a rise by nearly all of
// it, 15/16, is a word that belongs before the last beginning.
type clock struct {
	period, base, last int64
	started            bool
	sum                *Summary
}

func (c *clock) time(v int64) int64 {
	if d := v - c.last; c.started && (d < -c.period/2 || d > c.period/16*15) {
		if d < 0 {
			c.base += c.period
			c.sum.Wraps++
		} else if c.base > 0 {
			c.base -= c.period
			c.sum.Wraps--
		}
	}
	c.started, c.last = true, v
	return c.base + v
}
