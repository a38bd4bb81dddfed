package main

// wideLanes is the number of running sums of Total, Deviations and Products, whatever the
// instruction set.
const wideLanes = 8

// A wide is a function of slices, and perhaps a mean, whose sums are in float64; add adds
// to the running sums what a register of 64-bit lanes of each slice gives. What is left
// of less than wideLanes elements is added to the sums, one after another.
type wide struct {
	name, signature string
	slices          []string
	mean            bool
	sums            int
	add             func(d machine, x []vec, mean vec, sums []vec)
}

// wides lists these functions.
func wides() []wide {
	return []wide{
		{"Total", "func(a []%[1]s) float64", []string{"a"}, false, 1, func(d machine, x []vec, _ vec, sums []vec) {
			d.accumulate(sums[0], x[0])
		}},
		{"Deviations", "func(a []%[1]s, mean float64) float64", []string{"a"}, true, 1, func(d machine, x []vec, mean vec, sums []vec) {
			away := d.sub(x[0], mean)
			d.accumulate(sums[0], d.mul(away, away))
		}},
		{"Products", "func(a, b []%[1]s, mean float64) (float64, float64)", []string{"a", "b"}, true, 2, func(d machine, x []vec, mean vec, sums []vec) {
			d.accumulate(sums[0], x[0])
			d.accumulate(sums[1], d.mul(x[0], d.sub(x[1], mean)))
		}},
	}
}
