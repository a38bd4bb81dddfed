package main

// arithmetic lists the kernels that are one instruction or a few: each equals
// its plain Go twin bit for bit.
func arithmetic() []kernel {
	var ks []kernel
	binary := func(name string, f func(t *target, a, b vec) vec) {
		ks = append(ks,
			kernel{name, "a b", 4, func(t *target, _ []vec) body {
				return func(in []vec) vec { return f(t, in[0], in[1]) }
			}},
			kernel{name + "C", "a C", 4, func(t *target, c []vec) body {
				return func(in []vec) vec { return f(t, in[0], c[0]) }
			}})
	}
	reversed := func(name string, f func(t *target, c, a vec) vec) {
		ks = append(ks, kernel{name, "a C", 4, func(t *target, c []vec) body {
			return func(in []vec) vec { return f(t, c[0], in[0]) }
		}})
	}
	compare := func(name string, predicate int) {
		ks = append(ks,
			kernel{name, "a b", 4, func(t *target, _ []vec) body {
				one := t.spread(t.con(1))
				return func(in []vec) vec { return t.keep(t.cmp(predicate, in[0], in[1]), one) }
			}},
			kernel{name + "C", "a C", 4, func(t *target, c []vec) body {
				one := t.spread(t.con(1))
				return func(in []vec) vec { return t.keep(t.cmp(predicate, in[0], c[0]), one) }
			}})
	}
	extreme := func(name string, f func(t *target, a, b vec) vec) {
		ks = append(ks,
			kernel{name, "a b", 4, func(t *target, _ []vec) body {
				return func(in []vec) vec {
					a, b := in[0], in[1]
					return t.spoil(f(t, a, b), t.nan(a), a)
				}
			}},
			kernel{name + "C", "a C", 4, func(t *target, c []vec) body {
				nan := t.nan(c[0])
				return func(in []vec) vec { return t.spoil(f(t, c[0], in[0]), nan, c[0]) }
			}})
	}
	add := func(name, args string, unroll int, start func(t *target, c []vec) body) {
		ks = append(ks, kernel{name, args, unroll, start})
	}
	unary := func(name string, f func(t *target, a vec) vec) {
		add(name, "a", 4, func(t *target, _ []vec) body {
			return func(in []vec) vec { return f(t, in[0]) }
		})
	}

	binary("Add", func(t *target, a, b vec) vec { return t.add(a, b) })
	add("Sub", "a b", 4, func(t *target, _ []vec) body {
		return func(in []vec) vec { return t.sub(in[0], in[1]) }
	})
	binary("Mul", func(t *target, a, b vec) vec { return t.mul(a, b) })
	binary("Div", func(t *target, a, b vec) vec { return t.div(a, b) })
	reversed("RSubC", func(t *target, c, a vec) vec { return t.sub(c, a) })
	reversed("RDivC", func(t *target, c, a vec) vec { return t.div(c, a) })
	extreme("Max", func(t *target, a, b vec) vec { return t.max(a, b) })
	extreme("Min", func(t *target, a, b vec) vec { return t.min(a, b) })
	compare("Gt", gt)
	compare("Ge", ge)
	compare("Lt", lt)
	compare("Le", le)
	compare("Eq", eq)
	compare("Ne", ne)

	unary("Square", func(t *target, a vec) vec { return t.mul(a, a) })
	unary("Cube", func(t *target, a vec) vec { return t.mul(t.mul(a, a), a) })
	unary("Sqrt", func(t *target, a vec) vec { return t.sqrt(a) })
	unary("Floor", func(t *target, a vec) vec { return t.round(a, down) })
	unary("Ceil", func(t *target, a vec) vec { return t.round(a, up) })
	add("Neg", "a", 4, func(t *target, _ []vec) body {
		sign := t.spread(t.signBit())
		return func(in []vec) vec { return t.xor(in[0], sign) }
	})
	add("Abs", "a", 4, func(t *target, _ []vec) body {
		rest := t.spread(t.word(1<<(t.bits-1) - 1))
		return func(in []vec) vec { return t.and(in[0], rest) }
	})
	add("Sign", "a", 4, func(t *target, _ []vec) body {
		sign, one, zero := t.spread(t.signBit()), t.spread(t.con(1)), t.zero()
		return func(in []vec) vec {
			a := in[0]
			return t.choose(t.cmp(neq, a, zero), t.or(t.and(a, sign), one), a)
		}
	})
	add("Inv", "a", 4, func(t *target, _ []vec) body {
		one := t.spread(t.con(1))
		return func(in []vec) vec { return t.div(one, in[0]) }
	})
	add("Relu", "a", 4, func(t *target, _ []vec) body {
		zero := t.zero()
		return func(in []vec) vec { return t.max(zero, in[0]) }
	})

	add("MulAdd", "a b c", 4, func(t *target, _ []vec) body {
		return func(in []vec) vec { return t.add(t.mul(in[0], in[1]), in[2]) }
	})
	add("MulRSub", "a b c", 4, func(t *target, _ []vec) body {
		return func(in []vec) vec { return t.sub(in[2], t.mul(in[0], in[1])) }
	})
	add("MulAddC", "a K c", 4, func(t *target, k []vec) body {
		return func(in []vec) vec { return t.add(t.mul(in[0], k[0]), in[1]) }
	})
	add("OneMinusMul", "z v", 4, func(t *target, _ []vec) body {
		one := t.spread(t.con(1))
		return func(in []vec) vec { return t.mul(t.sub(one, in[0]), in[1]) }
	})
	add("Reset", "z v r", 4, func(t *target, _ []vec) body {
		one := t.spread(t.con(1))
		return func(in []vec) vec {
			z, v, r := in[0], in[1], in[2]
			return t.add(t.mul(t.sub(one, z), v), t.mul(z, r))
		}
	})

	add("Between", "a LO HI", 4, func(t *target, c []vec) body {
		one := t.spread(t.con(1))
		return func(in []vec) vec {
			a := in[0]
			return t.keep(t.cmp(le, a, c[1]), t.keep(t.cmp(le, c[0], a), one))
		}
	})
	add("Clamp", "a LO HI", 4, func(t *target, c []vec) body {
		return func(in []vec) vec { return t.min(c[1], t.max(c[0], in[0])) }
	})
	add("Fill", "C", 4, func(_ *target, c []vec) body {
		return func([]vec) vec { return c[0] }
	})
	return ks
}
