package conv

import (
	"github.com/spikegrad/spikegrad/internal/par"
	"github.com/spikegrad/spikegrad/internal/sparse"
	"github.com/spikegrad/spikegrad/internal/vec"
)

// Images are worked on one at a time, group by group. Where few elements of what a group has
// of the images are not zero, each adds runs of the kernel to y or dx, or of dy to the
// gradient of the kernel (spikes.go); for these, images that are not sparse are turned
// round, so that the channels of a pixel lie together. Otherwise patches are copied, and are
// one side of a matrix product (dense.go), or for the gradient of x by kernels of 3×3
// tiles are (winograd.go). Groups with one output or two add shifted images (shift.go).

// A Run computes convolutions of one geometry, in memory that it keeps.
type Run[F vec.Float] struct {
	*Geometry
	k       *imageKernels[F]
	dense   bander[F]
	shift   *shifter[F]    // in the place of dense, nil where it is not
	fast    []*winograd[F] // by group, in the place of dense for the gradient of x, nil where they are not
	there   *route         // from x to y
	back    *route         // from y to x
	grad    *kernelRoute
	fewX    float64 // share of spikes below which they are followed,
	fewDX   float64 // in the gradient of y
	fewDW   float64 // and in x for that of w
	follows []bool  // by group, whether they are in the present run
	kernel  []F     // w in the order of a route, or transposed, by group
	part    []F     // sums over chunks of samples
	buffers []*buffers[F]
}

// buffers is what a goroutine needs to work on one image.
type buffers[F vec.Float] struct {
	lists   pixelLists[F]
	sum     []F // y or dx, [row, column, channel]
	dy      []F // [row, column, channel] with margins, which stay 0
	x       []F // x or dx with margins
	patches []F
	band    band[F]
	image   []F // of x, made from lists
	made    int // which, counted from 1; 0 for none of the present run
	tiles   tiles[F]
	shifted shifted[F]
}

// NewRun returns a Run that has no memory yet.
func NewRun[F vec.Float](c *Geometry) *Run[F] {
	r := &Run[F]{Geometry: c, k: imageKernelsFor[F](), dense: newBander[F](c), shift: newShifter[F](c, shiftOut), follows: make([]bool, c.groups)}
	if r.shift == nil {
		r.fast = newWinograds[F](c, winogradChannels)
	}
	return r
}

// prepare makes what the first run needs.
func (r *Run[F]) prepare() {
	if r.there != nil {
		return
	}
	r.there, r.back = r.routes()
	r.grad = r.kernelRoute()
	dense := r.denseTime()
	if r.shift != nil {
		dense = r.shift.ns()
	}
	r.fewX, r.fewDW = r.there.few(dense), r.grad.few(dense)
	if r.fast != nil {
		dense /= 2
	}
	r.fewDX = r.back.few(dense)
}

// Images are the images of x: their elements, or lists of those that are not zero.
type Images[F vec.Float] struct {
	Dense []F
	Lists *sparse.CSR // an image a row
}

// xOf and yOf return what a group has of image i, and of its result, wOf what it has of w.
func (r *Run[F]) xOf(x []F, i, group int) []F { return part(x, i*r.groups+group, r.sizeX()) }
func (r *Run[F]) yOf(y []F, i, group int) []F { return part(y, i*r.groups+group, r.sizeY()) }
func (r *Run[F]) wOf(w []F, group int) []F    { return part(w, group, r.out*r.patch()) }

func part[F vec.Float](x []F, i, n int) []F { return x[i*n : (i+1)*n] }

// Forward computes y from x and w, and the bias if it is not nil.
func (r *Run[F]) Forward(y []F, x Images[F], w, bias []F) {
	r.prepare()
	room(&r.kernel, len(w))
	for g := range r.groups {
		if r.follows[g] = r.few(x, g, r.fewX); r.follows[g] {
			order(r.wOf(r.kernel, g), r.wOf(w, g), r.there.place)
		}
	}
	r.eachPart(func(b *buffers[F], i, g int) {
		x, y := r.image(b, x, i, g), r.yOf(y, i, g)
		switch {
		case r.follows[g]:
			r.follow(b, r.there, y, x, r.wOf(r.kernel, g))
		case r.shift != nil:
			r.shift.forward(&b.shifted, y, x, r.wOf(w, g))
		default:
			r.dense.forward(b, y, x, r.wOf(w, g))
		}
		if bias != nil {
			addBias(y, part(bias, g, r.out))
		}
	})
}

// GradX computes the gradient of x from those of y, and w.
func (r *Run[F]) GradX(dx, dy, w []F) {
	r.prepare()
	room(&r.kernel, len(w))
	for g := range r.groups {
		switch r.follows[g] = r.fewOf(dy, g, r.sizeY(), r.fewDX); {
		case r.follows[g]:
			order(r.wOf(r.kernel, g), r.wOf(w, g), r.back.place)
		case r.shift == nil && r.fast == nil:
			k := r.patch()
			r.k.transpose(r.wOf(r.kernel, g), r.out, r.wOf(w, g), k, r.out, k)
		}
	}
	r.eachPart(func(b *buffers[F], i, g int) {
		switch dx, dy := r.xOf(dx, i, g), r.yOf(dy, i, g); {
		case r.follows[g]:
			r.follow(b, r.back, dx, dy, r.wOf(r.kernel, g))
		case r.shift != nil:
			r.shift.gradX(&b.shifted, dx, dy, r.wOf(w, g))
		case r.fast == nil:
			r.dense.gradX(b, dx, dy, r.wOf(r.kernel, g))
		}
	})
	if r.fast != nil {
		r.gradXFast(dx, dy, w)
	}
}

// GradW computes the gradient of w from x and those of y.
func (r *Run[F]) GradW(dw []F, x Images[F], dy []F) {
	r.prepare()
	// The spikes are found again: who went forward last may have had another x,
	// such as another time step inside a scan.
	for g := range r.groups {
		r.follows[g] = r.few(x, g, r.fewDW)
	}
	sum := r.sumSamples(len(dw), func(b *buffers[F], sum []F, i int) {
		for g := range r.groups {
			x, dy, sum := r.image(b, x, i, g), r.yOf(dy, i, g), r.wOf(sum, g)
			switch {
			case r.follows[g]:
				r.followProducts(b, sum, x, dy)
			case r.shift != nil:
				r.shift.gradW(&b.shifted, sum, x, dy)
			default:
				r.dense.gradW(b, sum, x, dy)
			}
		}
	})
	for g := range r.groups {
		dw, sum := r.wOf(dw, g), r.wOf(sum, g)
		switch {
		case r.follows[g]:
			for i, at := range r.there.place {
				dw[i] = sum[at]
			}
		case r.shift != nil:
			copy(dw, sum)
		default:
			r.k.transpose(dw, r.patch(), sum, r.out, r.patch(), r.out)
		}
	}
}

// followProducts adds to the gradient of w what the elements of an image add to it.
func (r *Run[F]) followProducts(b *buffers[F], sum, x, dy []F) {
	g := r.grad
	byChannel(g, &b.lists, x)
	turned := room(&b.dy, r.y.out*g.columns*r.out)
	for row := range r.y.out {
		r.k.transpose(turned[(row*g.columns+g.left)*r.out:], r.out, dy[row*r.x.out:], r.y.out*r.x.out, r.out, r.x.out)
	}
	addProducts(g, &b.lists, sum, turned)
}

// GradBias sums the gradients of y over all pixels of a channel.
func (r *Run[F]) GradBias(db, dy []F) { r.sumPixels(db, dy) }

// Back computes the transposed convolution x from y and w, and the bias of its channels if
// that is not nil: what GradX computes.
func (r *Run[F]) Back(x, y, w, bias []F) {
	r.GradX(x, y, w)
	if bias != nil {
		r.eachPart(func(_ *buffers[F], i, g int) { addBias(r.xOf(x, i, g), part(bias, g, r.in)) })
	}
}

// GradBackBias sums gradients of what Back computes over all pixels of a channel.
func (r *Run[F]) GradBackBias(db, dx []F) { r.sumPixels(db, dx) }

// sumPixels sums images over all pixels of each channel.
func (r *Run[F]) sumPixels(sums, images []F) {
	total := vec.For[F]().Sum
	size := len(images) / r.samples
	n := size / len(sums)
	copy(sums, r.sumSamples(len(sums), func(_ *buffers[F], sum []F, i int) {
		for o := range sum {
			sum[o] += total(images[i*size+o*n:][:n])
		}
	}))
}

// image returns what a group has of image i of x.
func (r *Run[F]) image(b *buffers[F], x Images[F], i, group int) []F {
	if x.Lists == nil {
		return r.xOf(x.Dense, i, group)
	}
	image := room(&b.image, r.SizeX())
	if b.made != i+1 {
		sparse.Spread(x.Lists, image, i, i+1)
		b.made = i + 1
	}
	return part(image, group, r.sizeX())
}

// follow computes the image that the elements of s add up to along a route.
func (r *Run[F]) follow(b *buffers[F], t *route, d, s, kernel []F) {
	byColumn(t, &b.lists, s)
	sum := room(&b.sum, len(d))
	clear(sum)
	follow(t, &b.lists, sum, kernel)
	pixels := t.to.h * t.to.w
	r.k.transpose(d, pixels, sum, t.to.channels, pixels, t.to.channels)
}

// few reports whether less than the given share of the elements that a group has of some
// images is not zero. It looks at a few images, always the same ones; of lists at
// all groups.
func (r *Run[F]) few(x Images[F], group int, share float64) bool {
	if x.Lists == nil {
		return r.fewOf(x.Dense, group, r.sizeX(), share)
	}
	return below(r.samples, x.Lists.Cols, share, x.Lists.Count)
}

// fewOf is few for what a group has of images, so many elements each.
func (r *Run[F]) fewOf(x []F, group, size int, share float64) bool {
	return below(r.samples, size, share, func(i int) int { return sparse.Count(part(x, i*r.groups+group, size)) })
}

func below(samples, size int, share float64, count func(i int) int) bool {
	if sparse.Below == 0 || share <= 0 {
		return false
	}
	n, seen := sparse.Probe(samples, size, count)
	return float64(n) < share*float64(seen)
}

// order puts w in the order of a route.
func order[F vec.Float](kernel, w []F, place []int32) {
	for i, at := range place {
		kernel[at] = w[i]
	}
}

// addBias adds bias[c] to plane c of an image.
func addBias[F vec.Float](y, bias []F) {
	addC := vec.For[F]().AddC
	for c, b := range bias {
		n := len(y) / len(bias)
		addC(y[c*n:(c+1)*n], y[c*n:(c+1)*n], b)
	}
}

// room returns a buffer of n elements, zeros if it is new.
func room[F vec.Float](buf *[]F, n int) []F {
	if len(*buf) < n {
		*buf = make([]F, n)
	}
	return (*buf)[:n]
}

// take returns the buffers of goroutine i.
func (r *Run[F]) take(i int) *buffers[F] {
	for len(r.buffers) <= i {
		r.buffers = append(r.buffers, &buffers[F]{})
	}
	r.buffers[i].made = 0
	return r.buffers[i]
}

const (
	convSamples = 8  // how many samples make a piece of work,
	convPieces  = 64 // or with groups into how many pieces it falls, of parts of samples
)

// eachPart calls work for what each group has of each sample, on all processors.
func (r *Run[F]) eachPart(work func(b *buffers[F], i, group int)) {
	n, per := r.samples*r.groups, convSamples
	if r.groups > 1 {
		per = ceilDiv(n, convPieces)
	}
	_ = par.Blocks(n, per, r.take, func(b *buffers[F], i0, i1 int) error {
		for i := i0; i < i1; i++ {
			work(b, i/r.groups, i%r.groups)
		}
		return nil
	})
}

const (
	sumChunks   = 32      // at most so many chunks are summed side by side
	sumElements = 1 << 23 // and at most so many elements
	sumPiece    = 1 << 12 // so many are added up by a goroutine, in the first-level cache
)

// sumSamples calls add for all samples, on all processors, and returns the sum,
// which has n elements. Each chunk of samples has a sum of its own; which they
// are does not depend on GOMAXPROCS, so that the total does not either.
func (r *Run[F]) sumSamples(n int, add func(b *buffers[F], sum []F, i int)) []F {
	size := max(1, ceilDiv(r.samples, min(max(1, sumElements/n), sumChunks)))
	chunks := ceilDiv(r.samples, size)
	part := room(&r.part, chunks*n)
	_ = par.Blocks(r.samples, size, r.take, func(b *buffers[F], i0, i1 int) error {
		sum := part[i0/size*n:][:n]
		clear(sum)
		for i := i0; i < i1; i++ {
			add(b, sum, i)
		}
		return nil
	})
	plus := vec.For[F]().Add
	par.Chunks(n, sumPiece, func(i0, i1 int) {
		for c := 1; c < chunks; c++ {
			plus(part[i0:i1], part[i0:i1], part[c*n+i0:c*n+i1])
		}
	})
	return part[:n]
}

func ceilDiv(a, b int) int { return (a + b - 1) / b }
