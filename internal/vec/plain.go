package vec

// plain returns the kernels in plain Go: the definition of all others.
func plain[F Float]() Kernels[F] {
	return Kernels[F]{
		Add: add[F], Sub: sub[F], Mul: mul[F], Div: div[F], Max: maximum[F], Pow: pow[F],
		Gt: gt[F], Ge: ge[F], Lt: lt[F], Le: le[F], Eq: eq[F], Ne: ne[F],
		AddC: addC[F], MulC: mulC[F], DivC: divC[F], MaxC: maxC[F], MinC: minC[F], PowC: powC[F],
		RSubC: rsubC[F], RDivC: rdivC[F],
		GtC: gtC[F], GeC: geC[F], LtC: ltC[F], LeC: leC[F], EqC: eqC[F], NeC: neC[F],
		Neg: neg[F], Abs: abs[F], Sign: sign[F], Square: square[F], Cube: cube[F], Sqrt: sqrt[F],
		Inv: inv[F], Relu: relu[F], Floor: floor[F], Ceil: ceil[F],
		Exp: exp[F], Log: log[F], Log2: log2[F], Expm1: expm1[F], Log1p: log1p[F], Tanh: tanh[F],
		Sin: sin[F], Cos: cos[F], Sigmoid: sigmoid[F], Softplus: softplus[F],
		MulAdd: mulAdd[F], MulRSub: mulRSub[F], MulAddC: mulAddC[F],
		OneMinusMul: oneMinusMul[F],
		Normalise:   normalise[F], NormGrad: normGrad[F],
		Fill: fill[F], Adam: adam[F], Sum: sum[F], Finite: finite[F],
		Total: total[F], Deviations: deviations[F], Products: products[F],
	}
}

func add[F Float](dst, a, b []F) {
	a, b = a[:len(dst)], b[:len(dst)]
	for i := range dst {
		dst[i] = a[i] + b[i]
	}
}

func sub[F Float](dst, a, b []F) {
	a, b = a[:len(dst)], b[:len(dst)]
	for i := range dst {
		dst[i] = a[i] - b[i]
	}
}

func mul[F Float](dst, a, b []F) {
	a, b = a[:len(dst)], b[:len(dst)]
	for i := range dst {
		dst[i] = a[i] * b[i]
	}
}

func div[F Float](dst, a, b []F) {
	a, b = a[:len(dst)], b[:len(dst)]
	for i := range dst {
		dst[i] = a[i] / b[i]
	}
}

func maximum[F Float](dst, a, b []F) {
	a, b = a[:len(dst)], b[:len(dst)]
	for i := range dst {
		if x, y := a[i], b[i]; x > y || x != x {
			dst[i] = x
		} else {
			dst[i] = y
		}
	}
}

// Sums of products: the conversions keep the compiler from fusing a product
// with the sum that follows.

func mulAdd[F Float](dst, a, b, c []F) {
	a, b, c = a[:len(dst)], b[:len(dst)], c[:len(dst)]
	for i := range dst {
		dst[i] = F(a[i]*b[i]) + c[i]
	}
}

func mulRSub[F Float](dst, a, b, c []F) {
	a, b, c = a[:len(dst)], b[:len(dst)], c[:len(dst)]
	for i := range dst {
		dst[i] = c[i] - F(a[i]*b[i])
	}
}

func mulAddC[F Float](dst, a []F, k F, c []F) {
	a, c = a[:len(dst)], c[:len(dst)]
	for i := range dst {
		dst[i] = F(k*a[i]) + c[i]
	}
}

func oneMinusMul[F Float](dst, z, v []F) {
	z, v = z[:len(dst)], v[:len(dst)]
	for i := range dst {
		dst[i] = (1 - z[i]) * v[i]
	}
}

// Reductions and the rest.

func fill[F Float](dst []F, c F) {
	for i := range dst {
		dst[i] = c
	}
}

func sum[F Float](a []F) F {
	var s [32]F
	for ; len(a) >= len(s); a = a[len(s):] {
		for i := range s {
			s[i] += a[i]
		}
	}
	for i, x := range a {
		s[i] += x
	}
	for n := len(s) / 2; n > 0; n /= 2 {
		for i := range n {
			s[i] += s[i+n]
		}
	}
	return s[0]
}

func finite[F Float](a []F) bool {
	for _, x := range a {
		if x-x != 0 { // NaN for an infinity
			return false
		}
	}
	return true
}
