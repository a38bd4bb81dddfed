package main

// adamConstants are the numbers of Adam in the order of its arguments.
var adamConstants = []string{"rate", "root", "beta1", "rest1", "beta2", "rest2", "epsilon", "decay", "keep"}

// adamSignature is the type of Adam.
const adamSignature = "func(w, g, m, v []%[1]s, rate, root, beta1, rest1, beta2, rest2, epsilon, decay, keep %[1]s)"

// adamStep returns what computes one register of Adam: k gives a constant by its name, load
// and store the register of a slice.
func (t *target) adamStep(k func(name string) vec) func(load func(slice string) vec, store func(slice string, v vec)) {
	magnitude := t.spread(t.word(1<<(t.bits-1) - 1))
	flush := func(x vec) vec {
		return t.keep(t.cmp(nlt, t.and(x, magnitude), t.con(pick(t, 0x1p-126, 0x1p-1022))), x)
	}
	return func(load func(slice string) vec, store func(slice string, v vec)) {
		old := load("w")
		grad := t.add(load("g"), t.mul(old, k("decay")))
		mean := flush(t.add(t.mul(load("m"), k("beta1")), t.mul(grad, k("rest1"))))
		store("m", mean)
		square := t.mul(t.mul(grad, k("rest2")), grad)
		square = flush(t.add(t.mul(load("v"), k("beta2")), square))
		store("v", square)
		by := t.add(t.mul(t.sqrt(square), k("root")), k("epsilon"))
		step := t.div(t.mul(mean, k("rate")), by)
		store("w", t.sub(t.mul(old, k("keep")), step))
	}
}
