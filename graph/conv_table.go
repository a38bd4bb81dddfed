package graph

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
	Conv
	in, kernel, out int
}

func newAxis(in, kernel int, o Conv) axis {
	a := axis{Conv: o, in: in, kernel: kernel}
	if room := in + 2*o.Pad - a.reach(); room >= 0 {
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
	return a.in + 2*a.Pad, a.margin() + max((a.Pad+a.in-1)/a.Stride+1, a.out)
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

// A convTable says what each pixel of an image meets in another image
// [pixel, channel], and through which elements of a kernel.
type convTable struct {
	pixels []pixel
	runs   [][]run // of each class
	rows   int     // elements of the kernel for one channel of the first image
	place  []int32 // of each element of w in the kernel
}

type pixel struct{ origin, class int32 }

// of returns the runs of pixel p and where they begin in the other image.
func (t *convTable) of(p int) (origin int, runs []run) {
	return int(t.pixels[p].origin), t.runs[t.pixels[p].class]
}

// newConvTable joins the meetings of rows and of columns. The other image has the
// given width and channels, the kernel has cols columns.
func newConvTable(y, x meetings, width, cols, channels int) *convTable {
	t := &convTable{}
	for i := range y.origin {
		for j := range x.origin {
			t.pixels = append(t.pixels, pixel{
				origin: int32((y.origin[i]*width + x.origin[j]) * channels),
				class:  int32(y.class[i]*len(x.runs) + x.class[j]),
			})
		}
	}
	for _, rows := range y.runs {
		for _, columns := range x.runs {
			var runs []run
			for _, r := range rows {
				for i := range r.n {
					for _, c := range columns {
						at, k := int(r.at+i)*width+int(c.at), int(r.k+i)*cols+int(c.k)
						runs = append(runs, run{int32(at * channels), int32(k * channels), c.n * int32(channels)})
					}
				}
			}
			t.runs = append(t.runs, runs)
		}
	}
	return t
}

// spreading returns the table from pixels of x to those of y and the kernel
// [in, kh, kw, out].
func (c *conv) spreading() *convTable {
	ky, kx := c.y.order(), c.x.order()
	size := c.y.kernel * c.x.kernel
	_, width := c.x.sizes()
	t := newConvTable(c.y.spread(ky), c.x.spread(kx), width, c.x.kernel, c.out)
	t.rows = size * c.out
	t.place = c.places(ky, kx, func(o, ch, k int) int { return (ch*size+k)*c.out + o })
	return t
}

// collecting returns the table from pixels of y to those of x and the kernel
// [out, kh, kw, in].
func (c *conv) collecting() *convTable {
	size := c.y.kernel * c.x.kernel
	width, _ := c.x.sizes()
	t := newConvTable(c.y.collect(), c.x.collect(), width, c.x.kernel, c.in)
	t.rows = size * c.in
	t.place = c.places(identity(c.y.kernel), identity(c.x.kernel), func(o, ch, k int) int { return (o*size+k)*c.in + ch })
	return t
}

// places returns where each element of w goes. The elements of the kernel are in
// the orders ky and kx, and at says where element k of them goes.
func (c *conv) places(ky, kx []int, at func(o, ch, k int) int) []int32 {
	place := make([]int32, c.out*c.patch())
	for o := range c.out {
		for ch := range c.in {
			for i, k := range ky {
				for j, l := range kx {
					place[((o*c.in+ch)*c.y.kernel+k)*c.x.kernel+l] = int32(at(o, ch, i*c.x.kernel+j))
				}
			}
		}
	}
	return place
}
