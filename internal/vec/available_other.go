//go:build !amd64

package vec

func available() map[string]*set {
	return map[string]*set{
		"avx512": nil,
		"avx2":   nil,
		"go":     {plain[float32](), plain[float64]()},
	}
}
