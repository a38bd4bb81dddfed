package vec

func normalise[F Float](dst, a []F, mean, by, bias F) {
	a = a[:len(dst)]
	for i := range dst {
		dst[i] = F((a[i]-mean)*by) + bias
	}
}

func normGrad[F Float](dst, dy, x []F, mean, gain, shift, slope, by F) {
	dy, x = dy[:len(dst)], x[:len(dst)]
	for i := range dst {
		dst[i] = ((F(dy[i]*gain) - shift) - F((x[i]-mean)*slope)) * by
	}
}

// folded returns the sum of 8 running sums.
func folded(s *[8]float64) float64 {
	for n := len(s) / 2; n > 0; n /= 2 {
		for i := range n {
			s[i] += s[i+n]
		}
	}
	return s[0]
}

func total[F Float](a []F) float64 {
	var s [8]float64
	for ; len(a) >= len(s); a = a[len(s):] {
		for i := range s {
			s[i] += float64(a[i])
		}
	}
	sum := folded(&s)
	for _, x := range a {
		sum += float64(x)
	}
	return sum
}

func deviations[F Float](a []F, mean float64) float64 {
	var s [8]float64
	for ; len(a) >= len(s); a = a[len(s):] {
		for i := range s {
			d := float64(a[i]) - mean
			s[i] += float64(d * d)
		}
	}
	sum := folded(&s)
	for _, x := range a {
		d := float64(x) - mean
		sum += float64(d * d)
	}
	return sum
}

func products[F Float](a, b []F, mean float64) (sum, products float64) {
	sum = total(a)
	var s [8]float64
	for ; len(a) >= len(s); a, b = a[len(s):], b[len(s):] {
		for i := range s {
			s[i] += float64(float64(a[i]) * (float64(b[i]) - mean))
		}
	}
	products = folded(&s)
	for i, x := range a {
		products += float64(float64(x) * (float64(b[i]) - mean))
	}
	return sum, products
}
