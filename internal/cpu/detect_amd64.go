package cpu

import "golang.org/x/sys/cpu"

// detect returns the levels above Go that the processor, and the system, have. A level
// asks for all that any kernel or any code of it uses, so that one answer does for all
// of them; every processor with AVX-512 DQ has the rest of its list.
func detect() (ls []Level) {
	x := &cpu.X86
	if !(x.HasAVX2 && x.HasFMA && x.HasBMI1 && x.HasBMI2 && x.HasPOPCNT) {
		return nil
	}
	ls = append(ls, AVX2)
	if x.HasAVX512F && x.HasAVX512BW && x.HasAVX512DQ && x.HasAVX512VL {
		ls = append(ls, AVX512)
	}
	return ls
}
