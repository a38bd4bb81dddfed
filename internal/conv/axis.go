package conv

import (
	"cmp"
	"slices"
)

// An axis is one axis of a convolution: pixel i of the input meets pixel o of
// the output through element k of the kernel where i = stride·o + dilation·k − pad.
//
// Images worked on have margins, so that every pixel meets all of the kernel: of
// the input the padding, of the output those pixels of which the kernel would
// reach into the image.
type axis struct {
	Step
	in, kernel, out int
}

func newAxis(in, kernel int, o Step) axis {
	a := axis{Step: o, in: in, kernel: kernel}
	if room := in + o.Pad + o.After - a.reach(); room >= 0 {
		a.out = room/o.Stride + 1
	}
	return a
}

// reach returns how many pixels the kernel covers.
func (a axis) reach() int { return (a.kernel-1)*a.Dilation + 1 }

// margin returns how many pixels the output has before its first.
func (a axis) margin() int { return (a.reach() - 1) / a.Stride }

// sizes returns how long the input and the output are with their margins.
func (a axis) sizes() (in, out int) {
	return a.in + a.Pad + a.After, a.margin() + max((a.Pad+a.in-1)/a.Stride+1, a.out)
}

// A run is n elements from at on that meet the elements of the kernel from k on.
type run struct{ at, k, n int32 }

// meetings says what each pixel of one image meets in another: the runs of its
// class, counted from its origin.
type meetings struct {
	origin, class []int
	runs          [][]run // of each class
}

// add adds a run of one pixel to a class, or prolongs its last.
func (m *meetings) add(class, at, k int) {
	rs := m.runs[class]
	if i := len(rs) - 1; i >= 0 && int(rs[i].at+rs[i].n) == at && int(rs[i].k+rs[i].n) == k {
		rs[i].n++
		return
	}
	m.runs[class] = append(rs, run{int32(at), int32(k), 1})
}

// each returns the runs of each pixel by itself, with positions in the other image
// from its first pixel on, of n, which is so many after its margin's.
func (m meetings) each(margin, n int) [][]run {
	all := make([][]run, len(m.origin))
	for p, origin := range m.origin {
		for _, r := range m.runs[m.class[p]] {
			r.at += int32(origin - margin)
			before := max(0, -r.at)
			r.at, r.k, r.n = r.at+before, r.k+before, r.n-before
			if r.n = min(r.n, int32(n)-r.at); r.n > 0 {
				all[p] = append(all[p], r)
			}
		}
	}
	return all
}

// collect says what pixels of the output meet in the input.
func (a axis) collect() meetings {
	m := meetings{class: make([]int, a.out), runs: make([][]run, 1)}
	for o := range a.out {
		m.origin = append(m.origin, a.Stride*o)
	}
	for k := range a.kernel {
		m.add(0, a.Dilation*k, k)
	}
	return m
}

// spread says what pixels of the input meet in the output, the elements of the
// kernel being in the given order.
func (a axis) spread(order []int) meetings {
	m := meetings{runs: make([][]run, min(a.Stride, a.in))}
	for i := range a.in {
		m.origin, m.class = append(m.origin, (i+a.Pad)/a.Stride), append(m.class, i%a.Stride)
	}
	for class := range m.runs {
		rest := (class + a.Pad) % a.Stride
		for j, k := range order {
			if k*a.Dilation%a.Stride == rest {
				m.add(class, a.margin()-(k*a.Dilation-rest)/a.Stride, j)
			}
		}
	}
	return m
}

// fanOut counts the outputs along the axis that each pixel is part of.
func (a axis) fanOut() []int {
	fan := make([]int, a.in)
	for o := range a.out {
		for k := range a.kernel {
			if i := o*a.Stride + k*a.Dilation - a.Pad; i >= 0 && i < a.in {
				fan[i]++
			}
		}
	}
	return fan
}

// fanIn counts the pixels that each output is made of along the axis.
func (a axis) fanIn() []int {
	fan := make([]int, a.out)
	for o := range a.out {
		for k := range a.kernel {
			if i := o*a.Stride + k*a.Dilation - a.Pad; i >= 0 && i < a.in {
				fan[o]++
			}
		}
	}
	return fan
}

// order returns the elements of the kernel in an order in which those that one
// pixel of the input meets make long runs: without a stride, the reverse.
func (a axis) order() []int {
	ks := identity(a.kernel)
	slices.Reverse(ks)
	slices.SortStableFunc(ks, func(k, l int) int {
		return cmp.Compare(k*a.Dilation%a.Stride, l*a.Dilation%a.Stride)
	})
	return ks
}

// identity returns 0 … n−1.
func identity(n int) []int {
	ks := make([]int, n)
	for i := range ks {
		ks[i] = i
	}
	return ks
}
