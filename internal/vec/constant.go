package vec

// Plain Go kernels with a constant operand.

func addC[F Float](dst, a []F, c F) {
	a = a[:len(dst)]
	for i := range dst {
		dst[i] = a[i] + c
	}
}

func mulC[F Float](dst, a []F, c F) {
	a = a[:len(dst)]
	for i := range dst {
		dst[i] = a[i] * c
	}
}

func divC[F Float](dst, a []F, c F) {
	a = a[:len(dst)]
	for i := range dst {
		dst[i] = a[i] / c
	}
}

func rsubC[F Float](dst, a []F, c F) {
	a = a[:len(dst)]
	for i := range dst {
		dst[i] = c - a[i]
	}
}

func rdivC[F Float](dst, a []F, c F) {
	a = a[:len(dst)]
	for i := range dst {
		dst[i] = c / a[i]
	}
}

func maxC[F Float](dst, a []F, c F) {
	a = a[:len(dst)]
	for i := range dst {
		if x := a[i]; c > x || c != c {
			dst[i] = c
		} else {
			dst[i] = x
		}
	}
}

func minC[F Float](dst, a []F, c F) {
	a = a[:len(dst)]
	for i := range dst {
		if x := a[i]; c < x || c != c {
			dst[i] = c
		} else {
			dst[i] = x
		}
	}
}
