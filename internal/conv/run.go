package conv

import (
	"github.com/spikegrad/spikegrad/internal/par"
	"github.com/spikegrad/spikegrad/internal/sparse"
	"github.com/spikegrad/spikegrad/internal/vec"
)

// Images are worked on one at a time. Where few elements of an image are not zero,
// each adds runs of the kernel to y or dx, or of dy to the gradient of the kernel
// (spikes.go); for these, images that are not sparse are turned round, so that
// the channels of a pixel lie together. Otherwise patches are copied, and are one
// side of a matrix product (dense.go), or for the gradient of x by kernels of 3×3
// tiles are (winograd.go).

// A Run computes convolutions of one geometry, in memory that it keeps.
type Run[F vec.Float] struct {
	*Geometry
	group   int // at hand
	k       *imageKernels[F]
	dense   bander[F]
	fast    *winograd[F] // in the place of dense for the gradient of x, nil where it is not
	there   *route       // from x to y
	back    *route       // from y to x
	grad    *kernelRoute
	fewX    float64 // share of spikes below which they are followed,
	fewDX   float64 // in the gradient of y
	fewDW   float64 // and in x for that of w
	kernel  []F     // w in the order of a route, or transposed
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
	tiles   tiles[F]
}

// NewRun returns a Run that has no memory yet.
func NewRun[F vec.Float](c *Geometry) *Run[F] {
	return &Run[F]{Geometry: c, k: imageKernelsFor[F](), dense: newBander[F](c), fast: newWinograd[F](c, winogradChannels)}
}

// prepare makes what the first run needs.
func (r *Run[F]) prepare() {
	if r.there != nil {
		return
	}
	r.there, r.back = r.routes()
	r.grad = r.kernelRoute()
	dense := r.denseTime()
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

// eachGroup calls do for the kernels and biases of each group, of which the run works on
// the parts of images then.
func (r *Run[F]) eachGroup(w, bias []F, do func(w, bias []F)) {
	r.prepare()
	n := r.out * r.patch()
	for r.group = range r.groups {
		b := bias
		if bias != nil {
			b = bias[r.group*r.out:][:r.out]
		}
		do(w[r.group*n:][:n], b)
	}
}

// xOf and yOf return what the group has of image i, and of its result.
func (r *Run[F]) xOf(x []F, i int) []F { return part(x, i*r.groups+r.group, r.sizeX()) }
func (r *Run[F]) yOf(y []F, i int) []F { return part(y, i*r.groups+r.group, r.sizeY()) }

func part[F vec.Float](x []F, i, n int) []F { return x[i*n : (i+1)*n] }

// Forward computes y from x and w, and the bias if it is not nil.
func (r *Run[F]) Forward(y []F, x Images[F], w, bias []F) {
	r.eachGroup(w, bias, func(w, bias []F) {
		few := r.few(x, r.fewX)
		if few {
			r.order(w, r.there.place)
		}
		r.eachSample(func(b *buffers[F], i int) {
			x, y := r.image(b, x, i), r.yOf(y, i)
			if few {
				r.follow(b, r.there, y, x)
			} else {
				r.dense.forward(b, y, x, w)
			}
			addBias(y, bias)
		})
	})
}

// GradX computes the gradient of x from those of y, and w.
func (r *Run[F]) GradX(dx, dy, w []F) {
	r.eachGroup(w, nil, func(w, _ []F) {
		few := r.fewOf(dy, r.sizeY(), r.fewDX)
		switch {
		case few:
			r.order(w, r.back.place)
		case r.fast != nil:
			r.fast.run(r, dx, dy, w)
			return
		default:
			k := r.patch()
			r.k.transpose(room(&r.kernel, len(w)), r.out, w, k, r.out, k)
		}
		r.eachSample(func(b *buffers[F], i int) {
			if dx, dy := r.xOf(dx, i), r.yOf(dy, i); few {
				r.follow(b, r.back, dx, dy)
			} else {
				r.dense.gradX(b, dx, dy, r.kernel)
			}
		})
	})
}

// GradW computes the gradient of w from x and those of y.
func (r *Run[F]) GradW(dw []F, x Images[F], dy []F) {
	r.eachGroup(dw, nil, func(dw, _ []F) {
		// The spikes are found again: who went forward last may have had another x,
		// such as another time step inside a scan.
		few := r.few(x, r.fewDW)
		sum := r.sumSamples(len(dw), func(b *buffers[F], sum []F, i int) {
			x, dy := r.image(b, x, i), r.yOf(dy, i)
			if !few {
				r.dense.gradW(b, sum, x, dy)
				return
			}
			g := r.grad
			byChannel(g, &b.lists, x)
			turned := room(&b.dy, r.y.out*g.columns*r.out)
			for row := range r.y.out {
				r.k.transpose(turned[(row*g.columns+g.left)*r.out:], r.out, dy[row*r.x.out:], r.y.out*r.x.out, r.out, r.x.out)
			}
			addProducts(g, &b.lists, sum, turned)
		})
		if !few {
			r.k.transpose(dw, r.patch(), sum, r.out, r.patch(), r.out)
			return
		}
		for i, at := range r.there.place {
			dw[i] = sum[at]
		}
	})
}

// GradBias sums the gradients of y over all pixels of a channel.
func (r *Run[F]) GradBias(db, dy []F) { r.sumPixels(db, dy) }

// Back computes the transposed convolution x from y and w, and the bias of its channels if
// that is not nil: what GradX computes.
func (r *Run[F]) Back(x, y, w, bias []F) {
	r.GradX(x, y, w)
	if bias == nil {
		return
	}
	n := r.SizeX()
	r.eachSample(func(_ *buffers[F], i int) { addBias(part(x, i, n), bias) })
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

// image returns what the group has of image i of x.
func (r *Run[F]) image(b *buffers[F], x Images[F], i int) []F {
	if x.Lists == nil {
		return r.xOf(x.Dense, i)
	}
	n := r.SizeX()
	image := room(&b.image, n)
	sparse.Spread(x.Lists, image, i, i+1)
	return part(image, r.group, r.sizeX())
}

// follow computes the image that the elements of s add up to along a route.
func (r *Run[F]) follow(b *buffers[F], t *route, d, s []F) {
	byColumn(t, &b.lists, s)
	sum := room(&b.sum, len(d))
	clear(sum)
	follow(t, &b.lists, sum, r.kernel)
	pixels := t.to.h * t.to.w
	r.k.transpose(d, pixels, sum, t.to.channels, pixels, t.to.channels)
}

// few reports whether less than the given share of the elements of some images is
// not zero. It looks at a few images, always the same ones.
func (r *Run[F]) few(x Images[F], share float64) bool {
	if x.Lists == nil {
		return r.fewOf(x.Dense, r.sizeX(), share)
	}
	return below(r.samples, x.Lists.Cols, share, x.Lists.Count)
}

// fewOf is few for what the group has of images, so many elements each.
func (r *Run[F]) fewOf(x []F, size int, share float64) bool {
	return below(r.samples, size, share, func(i int) int { return sparse.Count(part(x, i*r.groups+r.group, size)) })
}

func below(samples, size int, share float64, count func(i int) int) bool {
	if sparse.Below == 0 || share <= 0 {
		return false
	}
	n, seen := sparse.Probe(samples, size, count)
	return float64(n) < share*float64(seen)
}

// order puts w in the order of a route.
func (r *Run[F]) order(w []F, place []int32) {
	kernel := room(&r.kernel, len(w))
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
	return r.buffers[i]
}

// convSamples is how many samples make a piece of work.
const convSamples = 8

// eachSample calls work for all samples, on all processors.
func (r *Run[F]) eachSample(work func(b *buffers[F], i int)) {
	_ = par.Blocks(r.samples, convSamples, r.take, func(b *buffers[F], i0, i1 int) error {
		for i := i0; i < i1; i++ {
			work(b, i)
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
