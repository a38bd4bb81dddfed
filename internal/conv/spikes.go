package conv

import (
	"github.com/spikegrad/spikegrad/internal/gemm"
	"github.com/spikegrad/spikegrad/internal/sparse"
	"github.com/spikegrad/spikegrad/internal/vec"
)

// pixelLists are lists of the elements of an image that are not zero.
type pixelLists[F vec.Float] struct {
	start  []int32 // of each list in idx and val, and the end of the last
	idx    []int32
	val    []F
	turned []F       // the image, with the elements of a list in one row
	sums   gemm.Runs // what is asked of a kernel; here, or it would be allocated
}

// reset makes room for so many lists of an image of size elements.
func (l *pixelLists[F]) reset(lists, size int) {
	l.start = sparse.Sized(l.start, lists+1)
	l.idx, l.val = sparse.Sized(l.idx, size+gemm.ListRoom), sparse.Sized(l.val, size+gemm.ListRoom)
}

// margin begins lists of rows outside of the image, which are empty.
func margin(start []int32, n int) {
	for i := range start {
		start[i] = int32(n)
	}
}

// byColumn lists an image S by column and, in it, row with margins: channel c in
// row y has the index y·channels + c.
func byColumn[F vec.Float](r *route, l *pixelLists[F], image []F) {
	k, s := imageKernelsFor[F](), r.from
	l.reset(s.w*r.height, s.size())
	turned, pixels := room(&l.turned, s.size()), s.h*s.w
	k.transpose(turned, s.channels, image, pixels, s.channels, pixels)
	n := 0
	for x := range s.w {
		start := l.start[x*r.height : (x+1)*r.height]
		margin(start[:r.top], n)
		n = k.listRows(turned[x*s.channels:], s.w*s.channels, s.h, s.channels, l.idx, l.val, start[r.top:], r.top*s.channels, s.channels, n)
		margin(start[r.top+s.h:], n)
	}
	l.start[s.w*r.height] = int32(n)
}

// follow adds to the image d what the elements of S add to it, which are listed by
// column.
func follow[F vec.Float](r *route, l *pixelLists[F], d, kernel []F) {
	sum := imageKernelsFor[F]().sumRuns
	in, out := r.from.channels, r.to.channels
	classes := len(r.rows.runs)
	for x, column := range r.cols {
		for class, lists := range r.rows.runs {
			// Rows of one class meet the same, further down by the same number of rows.
			origin := r.rows.origin[class]
			down := 0
			if class+classes < len(r.rows.origin) {
				down = r.rows.origin[class+classes] - origin
			}
			for _, g := range lists {
				first := origin + int(g.at) // row of S that the first row of the class meets
				for _, c := range column {
					l.sums = gemm.Runs{
						N: int(c.n) * out, Count: ceilDiv(r.to.h-class, classes), Step: classes * r.to.w * out,
						Base: ((int(g.k)-first)*in*r.kw + int(c.k)) * out, StepW: -down * in * r.kw * out, LdW: r.kw * out,
						Start: l.start[x*r.height+first:], Stride: down, Span: int(g.n),
					}
					sum(&l.sums, d[(class*r.to.w+int(c.at))*out:], kernel, l.idx, l.val)
				}
			}
		}
	}
}

// A kernelRoute says how the elements of x and the gradient of y add up to that of
// the kernel, in the order of the route from x to y. An element of x adds runs of
// the gradient of y, [row, column, channel] with margins of zeros left and right,
// so that every column of x meets all of the kernel.
type kernelRoute struct {
	*Geometry
	cols    meetings // what columns of x meet in y
	left    int      // margin of y
	columns int      // of y with margins
	height  int      // rows of x with margins
}

func (c *Geometry) kernelRoute() *kernelRoute {
	r := &kernelRoute{Geometry: c, cols: c.x.spread(c.x.order()), left: c.x.margin()}
	r.height, _ = c.y.sizes()
	_, r.columns = c.x.sizes()
	return r
}

// few is that of a route.
func (r *kernelRoute) few(dense float64) float64 {
	var lanes float64 // of the runs of an element of x, on average
	var runs float64
	for _, class := range r.cols.runs {
		for _, c := range class {
			runs += 1 / float64(len(r.cols.runs))
			lanes += float64(int(c.n)*r.out) / float64(len(r.cols.runs))
		}
	}
	rows := float64(r.y.out*r.y.kernel) / float64(r.height) // of the kernel that an element meets
	always := nsMove*float64(r.sizeY()) + float64(r.in*r.y.kernel)*(nsList*runs+nsAdd*lanes)
	each := nsFind + rows*(nsRun*runs+nsAdd*lanes)
	return (dense - always) / (each * float64(r.sizeX()))
}

// byChannel lists an image x by class of columns, channel and row with margins: an
// element has the index of the pixel from which its runs are counted, in the row
// of y with the number of its own.
func byChannel[F vec.Float](r *kernelRoute, l *pixelLists[F], image []F) {
	k, classes := imageKernelsFor[F](), len(r.cols.runs)
	l.reset(classes*r.in*r.height, len(image))
	n := 0
	for class := range classes {
		columns := ceilDiv(r.x.in-class, classes)
		for ch := range r.in {
			plane, width := image[ch*r.y.in*r.x.in:(ch+1)*r.y.in*r.x.in], r.x.in
			if classes > 1 {
				plane, width = l.columns(plane, width, class, classes), columns
			}
			start := l.start[(class*r.in+ch)*r.height:][:r.height]
			margin(start[:r.y.Pad], n)
			n = k.listRows(plane, width, r.y.in, columns, l.idx, l.val, start[r.y.Pad:], r.y.Pad*r.columns+r.cols.origin[class], r.columns, n)
			margin(start[r.y.Pad+r.y.in:], n)
		}
	}
	l.start[len(l.start)-1] = int32(n)
}

// columns returns every step-th column of a plane, from the given one on.
func (l *pixelLists[F]) columns(plane []F, width, from, step int) []F {
	to := room(&l.turned, len(plane))[:0]
	for row := 0; row < len(plane); row += width {
		for x := from; x < width; x += step {
			to = append(to, plane[row+x])
		}
	}
	return to
}

// addProducts adds to the gradient of the kernel the products of the elements of
// x, listed by channel, and dy.
func addProducts[F vec.Float](r *kernelRoute, l *pixelLists[F], kernel, dy []F) {
	sum := imageKernelsFor[F]().sumRuns
	kw, rows := r.x.kernel, r.y.Dilation*r.columns
	for class, runs := range r.cols.runs {
		for ch := range r.in {
			start := l.start[(class*r.in+ch)*r.height:]
			for _, c := range runs {
				l.sums = gemm.Runs{N: int(c.n) * r.out, Base: int(c.at) * r.out, LdW: r.out}
				s := &l.sums
				if r.y.Stride == 1 {
					// Row k of the kernel meets as many rows of x as y has, from d·k on.
					s.Count, s.Step, s.StepW = r.y.kernel, r.in*kw*r.out, -rows*r.out
					s.Start, s.Stride, s.Span = start, r.y.Dilation, r.y.out
					sum(s, kernel[(ch*kw+int(c.k))*r.out:], dy, l.idx, l.val)
					continue
				}
				base := s.Base
				for k := range r.y.kernel {
					// It meets row s·i + d·k of x in row i of y.
					s.Count, s.Step, s.StepW = r.y.out, 0, (1-r.y.Stride)*r.columns*r.out
					s.Start, s.Stride, s.Span = start[r.y.Dilation*k:], r.y.Stride, 1
					s.Base = base - k*rows*r.out
					sum(s, kernel[((k*r.in+ch)*kw+int(c.k))*r.out:], dy, l.idx, l.val)
				}
			}
		}
	}
}
