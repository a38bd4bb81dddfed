package vec

import "golang.org/x/sys/cpu"

func available() map[string]*set {
	s := map[string]*set{
		"avx512": nil,
		"avx2":   nil,
		"go":     {plain[float32](), plain[float64]()},
	}
	if x := cpu.X86; x.HasAVX2 && x.HasFMA && x.HasBMI2 {
		s["avx2"] = &set{kernelsF32AVX2(), kernelsF64AVX2()}
		if x.HasAVX512F && x.HasAVX512DQ {
			s["avx512"] = &set{kernelsF32AVX512(), kernelsF64AVX512()}
		}
	}
	return s
}
