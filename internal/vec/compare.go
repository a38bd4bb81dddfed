package vec

// Plain Go comparisons: 1 where they hold, else 0.

func truth[F Float](b bool) F {
	if b {
		return 1
	}
	return 0
}

func gt[F Float](dst, a, b []F) {
	a, b = a[:len(dst)], b[:len(dst)]
	for i := range dst {
		dst[i] = truth[F](a[i] > b[i])
	}
}

func ge[F Float](dst, a, b []F) {
	a, b = a[:len(dst)], b[:len(dst)]
	for i := range dst {
		dst[i] = truth[F](a[i] >= b[i])
	}
}

func lt[F Float](dst, a, b []F) {
	a, b = a[:len(dst)], b[:len(dst)]
	for i := range dst {
		dst[i] = truth[F](a[i] < b[i])
	}
}

func le[F Float](dst, a, b []F) {
	a, b = a[:len(dst)], b[:len(dst)]
	for i := range dst {
		dst[i] = truth[F](a[i] <= b[i])
	}
}

func eq[F Float](dst, a, b []F) {
	a, b = a[:len(dst)], b[:len(dst)]
	for i := range dst {
		dst[i] = truth[F](a[i] == b[i])
	}
}

func ne[F Float](dst, a, b []F) {
	a, b = a[:len(dst)], b[:len(dst)]
	for i := range dst {
		dst[i] = truth[F](a[i] != b[i])
	}
}

func gtC[F Float](dst, a []F, c F) {
	a = a[:len(dst)]
	for i := range dst {
		dst[i] = truth[F](a[i] > c)
	}
}

func geC[F Float](dst, a []F, c F) {
	a = a[:len(dst)]
	for i := range dst {
		dst[i] = truth[F](a[i] >= c)
	}
}

func ltC[F Float](dst, a []F, c F) {
	a = a[:len(dst)]
	for i := range dst {
		dst[i] = truth[F](a[i] < c)
	}
}

func leC[F Float](dst, a []F, c F) {
	a = a[:len(dst)]
	for i := range dst {
		dst[i] = truth[F](a[i] <= c)
	}
}

func eqC[F Float](dst, a []F, c F) {
	a = a[:len(dst)]
	for i := range dst {
		dst[i] = truth[F](a[i] == c)
	}
}

func neC[F Float](dst, a []F, c F) {
	a = a[:len(dst)]
	for i := range dst {
		dst[i] = truth[F](a[i] != c)
	}
}
