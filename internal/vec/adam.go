package vec

import (
	"math"
	"unsafe"
)

// adam rounds every product before it is added, like the other kernels.
func adam[F Float](w, g, m, v []F, rate, root, beta1, rest1, beta2, rest2, epsilon, decay, keep F) {
	normal := SmallestNormal[F]()
	g, m, v = g[:len(w)], m[:len(w)], v[:len(w)]
	for i := range w {
		g := g[i] + F(decay*w[i])
		m[i] = Flush(F(beta1*m[i])+F(rest1*g), normal)
		v[i] = Flush(F(beta2*v[i])+F(rest2*g*g), normal)
		step := rate * m[i] / (F(root*F(math.Sqrt(float64(v[i])))) + epsilon)
		w[i] = F(keep*w[i]) - step
	}
}

// Flush returns x, or 0 if x is below the smallest normal number, which
// SmallestNormal returns. Where a gradient stays 0, a moment would shrink to a
// subnormal number, which a processor takes many times as long to compute with,
// and stay there: 0.9 times the smallest rounds to the smallest.
func Flush[F Float](x, normal F) F {
	if -normal < x && x < normal {
		return 0
	}
	return x
}

// SmallestNormal returns the smallest positive number of full precision.
func SmallestNormal[F Float]() F {
	var x F
	if unsafe.Sizeof(x) == 4 {
		return 0x1p-126
	}
	return F(math.Ldexp(1, -1022))
}
