// Package randstep draws steps at random, to test that graph.Scan gives what
// graph.Unroll gives, whatever the step: states that change places, are passed on,
// reset, read after their next value is there or by nobody; all verbs of
// graph.Builder, Gorgonia's own functions, calls; parameters of all kinds; values
// that stay alive long.
//
//	c := randstep.Draw(randstep.Seed(7), randstep.Tame)
//	want, err := c.Run(false) // unrolled
//	got, err := c.Run(true)   // scanned
//	fmt.Println(c, randstep.Differ(c, want, got))
//
// A Case is drawn from choices of one byte each, so that a fuzzer can choose, and a
// case that fails be made smaller byte by byte (Shrink).
//
// In a tame case all values stay small, and no state moves further than the
// states before it did: rounding does not grow over time, and two computations that
// round differently agree. An extreme case has no such limits, and inputs that are
// NaN, infinite, denormal or huge: there the bits of one computation on different
// paths through the code are compared.
package randstep
