package vec

import "math"

// Plain Go functions of one operand.

func neg[F Float](dst, a []F) {
	a = a[:len(dst)]
	for i := range dst {
		dst[i] = -a[i]
	}
}

func abs[F Float](dst, a []F) {
	a = a[:len(dst)]
	for i := range dst {
		dst[i] = F(math.Abs(float64(a[i])))
	}
}

func sign[F Float](dst, a []F) {
	a = a[:len(dst)]
	for i := range dst {
		switch x := a[i]; {
		case x > 0:
			dst[i] = 1
		case x < 0:
			dst[i] = -1
		default:
			dst[i] = x
		}
	}
}

func square[F Float](dst, a []F) {
	a = a[:len(dst)]
	for i := range dst {
		dst[i] = a[i] * a[i]
	}
}

func cube[F Float](dst, a []F) {
	a = a[:len(dst)]
	for i := range dst {
		dst[i] = a[i] * a[i] * a[i]
	}
}

// sqrt is correctly rounded for float32 too: 53 bits are more than 2·24 + 2.
func sqrt[F Float](dst, a []F) {
	a = a[:len(dst)]
	for i := range dst {
		dst[i] = F(math.Sqrt(float64(a[i])))
	}
}

func inv[F Float](dst, a []F) {
	a = a[:len(dst)]
	for i := range dst {
		dst[i] = 1 / a[i]
	}
}

func relu[F Float](dst, a []F) {
	a = a[:len(dst)]
	for i := range dst {
		x := a[i]
		if x < 0 {
			x = 0
		}
		dst[i] = x
	}
}
