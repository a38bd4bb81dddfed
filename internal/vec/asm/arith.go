package main

import "slices"

// unroll is how many registers an iteration of these kernels handles: elements do
// not wait for each other, so that it need only be enough for the three instructions
// of the loop itself not to show.
const unroll = 4

// arithmetic lists the kernels that are one instruction or a few: each equals
// its plain Go twin bit for bit.
func arithmetic() []kernel {
	return slices.Concat(operators(), comparisons(), single(), products())
}

// plain returns a kernel that has nothing to compute outside of its loop. in are
// the slices, then the constants.
func plain(name, args string, f func(t *target, in []vec) vec) kernel {
	return kernel{name, args, unroll, func(t *target, c []vec) body {
		return func(in []vec) vec { return f(t, append(in, c...)) }
	}}
}

// withOne returns a kernel that needs a register of ones, the last of in.
func withOne(name, args string, f func(t *target, in []vec) vec) kernel {
	return kernel{name, args, unroll, func(t *target, c []vec) body {
		one := t.spread(t.con(1))
		return func(in []vec) vec { return f(t, slices.Concat(in, c, []vec{one})) }
	}}
}

// operators are the operations on two numbers, and on a number and a constant.
func operators() []kernel {
	add := func(t *target, in []vec) vec { return t.add(in[0], in[1]) }
	mul := func(t *target, in []vec) vec { return t.mul(in[0], in[1]) }
	div := func(t *target, in []vec) vec { return t.div(in[0], in[1]) }
	extreme := func(name string, f func(t *target, c, a vec) vec) kernel {
		return kernel{name, "a C", unroll, func(t *target, c []vec) body {
			nan := t.nan(c[0])
			return func(in []vec) vec { return t.spoil(f(t, c[0], in[0]), nan, c[0]) }
		}}
	}
	return []kernel{
		plain("Add", "a b", add), plain("AddC", "a C", add),
		plain("Sub", "a b", func(t *target, in []vec) vec { return t.sub(in[0], in[1]) }),
		plain("Mul", "a b", mul), plain("MulC", "a C", mul),
		plain("Div", "a b", div), plain("DivC", "a C", div),
		plain("RSubC", "a C", func(t *target, in []vec) vec { return t.sub(in[1], in[0]) }),
		plain("RDivC", "a C", func(t *target, in []vec) vec { return t.div(in[1], in[0]) }),
		plain("Max", "a b", func(t *target, in []vec) vec {
			a, b := in[0], in[1]
			return t.spoil(t.max(a, b), t.nan(a), a)
		}),
		extreme("MaxC", func(t *target, c, a vec) vec { return t.max(c, a) }),
		extreme("MinC", func(t *target, c, a vec) vec { return t.min(c, a) }),
	}
}

// comparisons are 1 where they hold.
func comparisons() (ks []kernel) {
	for _, c := range []struct {
		name      string
		predicate int
	}{{"Gt", gt}, {"Ge", ge}, {"Lt", lt}, {"Le", le}, {"Eq", eq}, {"Ne", ne}} {
		holds := func(t *target, in []vec) vec { return t.keep(t.cmp(c.predicate, in[0], in[1]), in[2]) }
		ks = append(ks, withOne(c.name, "a b", holds), withOne(c.name+"C", "a C", holds))
	}
	return ks
}

// single are the functions of one number.
func single() []kernel {
	// beside is a kernel that needs what is in some registers.
	beside := func(name string, start func(t *target) body) kernel {
		return kernel{name, "a", unroll, func(t *target, _ []vec) body { return start(t) }}
	}
	return []kernel{
		plain("Square", "a", func(t *target, in []vec) vec { return t.mul(in[0], in[0]) }),
		plain("Cube", "a", func(t *target, in []vec) vec { return t.mul(t.mul(in[0], in[0]), in[0]) }),
		plain("Sqrt", "a", func(t *target, in []vec) vec { return t.sqrt(in[0]) }),
		plain("Floor", "a", func(t *target, in []vec) vec { return t.round(in[0], down) }),
		plain("Ceil", "a", func(t *target, in []vec) vec { return t.round(in[0], up) }),
		beside("Neg", func(t *target) body {
			sign := t.spread(t.signBit())
			return func(in []vec) vec { return t.xor(in[0], sign) }
		}),
		beside("Abs", func(t *target) body {
			rest := t.spread(t.word(1<<(t.bits-1) - 1))
			return func(in []vec) vec { return t.and(in[0], rest) }
		}),
		beside("Sign", func(t *target) body {
			sign, one, zero := t.spread(t.signBit()), t.spread(t.con(1)), t.zero()
			return func(in []vec) vec {
				a := in[0]
				return t.choose(t.cmp(neq, a, zero), t.or(t.and(a, sign), one), a)
			}
		}),
		withOne("Inv", "a", func(t *target, in []vec) vec { return t.div(in[1], in[0]) }),
		beside("Relu", func(t *target) body {
			zero := t.zero()
			return func(in []vec) vec { return t.max(zero, in[0]) }
		}),
	}
}

// products are sums with a product in them, and Fill.
func products() []kernel {
	return []kernel{
		plain("MulAdd", "a b c", func(t *target, in []vec) vec { return t.add(t.mul(in[0], in[1]), in[2]) }),
		plain("MulRSub", "a b c", func(t *target, in []vec) vec { return t.sub(in[2], t.mul(in[0], in[1])) }),
		plain("MulAddC", "a K c", func(t *target, in []vec) vec { return t.add(t.mul(in[0], in[2]), in[1]) }),
		withOne("OneMinusMul", "z v", func(t *target, in []vec) vec { return t.mul(t.sub(in[2], in[0]), in[1]) }),
		plain("Normalise", "a MEAN BY BIAS", func(t *target, in []vec) vec { return t.add(t.mul(t.sub(in[0], in[1]), in[2]), in[3]) }),
		plain("NormGrad", "dy x MEAN GAIN SHIFT SLOPE BY", func(t *target, in []vec) vec {
			dy, x, mean, gain, shift, slope, by := in[0], in[1], in[2], in[3], in[4], in[5], in[6]
			return t.mul(t.sub(t.sub(t.mul(dy, gain), shift), t.mul(t.sub(x, mean), slope)), by)
		}),
		plain("Fill", "C", func(_ *target, in []vec) vec { return in[0] }),
	}
}
