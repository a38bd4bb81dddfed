package matfunc

import (
	"math"

	"github.com/spikegrad/spikegrad/internal/par"
)

// block is how many matrices a goroutine takes at a time.
const block = 64

// Each writes to dst φ of each m×m matrix in z, to which base is added, diagonal blocks of which each repeats one number. With
// grad it is the gradient by z of φ for grad, its derivative at zᵀ in that direction, instead.
func Each[F float32 | float64](dst, z, grad []F, m int, base []float64) error {
	return par.Blocks(len(dst)/(m*m), block,
		func(int) *Phi { return NewPhi(m, grad != nil) },
		func(w *Phi, from, to int) error {
			for at := from * m * m; at < to*m*m; at += m * m {
				for i := range m {
					for j := range m {
						x := float64(z[at+i*m+j]) + baseAt(base, m, i, j)
						if grad != nil {
							w.Z.X[j*m+i], w.Z.D[i*m+j] = x, float64(grad[at+i*m+j])
						} else {
							w.Z.X[i*m+j] = x
						}
					}
				}
				w.Compute()
				y := w.Value.X
				if grad != nil {
					y = w.Value.D
				}
				for i, v := range y {
					dst[at+i] = F(v)
				}
			}
			return nil
		})
}

// baseAt returns element (i, j) of the m×m matrix of which base has the blocks.
func baseAt(base []float64, m, i, j int) float64 {
	k := int(math.Sqrt(float64(len(base))))
	n := m / k
	if i%n != j%n {
		return 0
	}
	return base[i/n*k+j/n]
}
