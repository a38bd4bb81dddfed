package graph

import "github.com/spikegrad/spikegrad/internal/vec"

func countNonZero[F vec.Float](x []F) int {
	n := 0
	for _, v := range x {
		if v != 0 {
			n++
		}
	}
	return n
}

func nonZero[F vec.Float](x []F, idx []int32) (n int, ones bool) {
	ones = true
	for i, v := range x {
		if v != 0 {
			idx[n] = int32(i)
			n++
			ones = ones && v == 1
		}
	}
	return n, ones
}

func gather[F vec.Float](dst, w []F, n int, idx []int32, val []F) {
	for k, j := range idx {
		v := F(1)
		if len(val) > 0 {
			v = val[k]
		}
		for i, x := range w[int(j)*n : (int(j)+1)*n] {
			dst[i] += v * x
		}
	}
}

func scatter[F vec.Float](dst []F, ld int, idx []int32, val, src []F) {
	for k, j := range idx {
		v := F(1)
		if len(val) > 0 {
			v = val[k]
		}
		d := dst[int(j)*ld:]
		for i, x := range src {
			d[i] += v * x
		}
	}
}
