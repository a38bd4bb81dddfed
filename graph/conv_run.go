package graph

import (
	"fmt"

	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/internal/gemm"
	"github.com/spikegrad/spikegrad/internal/par"
	"github.com/spikegrad/spikegrad/internal/vec"
)

// Images are worked on one at a time. Where few elements of an image are not zero,
// each adds runs of the kernel to y or dx, or of dy to the gradient of the kernel
// (conv_spikes.go); for these, images that are not sparse are turned round, so that
// the channels of a pixel lie together. Otherwise patches are copied, and are one
// side of a matrix product (conv_dense.go).

// convRun holds the memory of a Conv2D, kept from run to run.
type convRun[F vec.Float] struct {
	*conv
	k       *imageKernels[F]
	dense   bander[F]
	there   *route // from x to y
	back    *route // from y to x
	grad    *kernelRoute
	fewX    float64 // share of spikes below which they are followed,
	fewDX   float64 // in the gradient of y
	fewDW   float64 // and in x for that of w
	kernel  []F     // w in the order of a route, or transposed
	part    []F     // sums over chunks of samples
	buffers []*convBuffers[F]
}

// convBuffers is what a goroutine needs to work on one image.
type convBuffers[F vec.Float] struct {
	lists   pixelLists[F]
	sum     []F // y or dx, [row, column, channel]
	dy      []F // [row, column, channel] with margins, which stay 0
	x       []F // x or dx with margins
	patches []F
	band    band[F]
	image   []F // of x, made from lists
}

func newConvRun[F vec.Float](c *conv) *convRun[F] {
	return &convRun[F]{conv: c, k: imageKernelsFor[F](), dense: newBander[F](c)}
}

// prepare makes what the first run needs.
func (r *convRun[F]) prepare() {
	if r.there != nil {
		return
	}
	r.there, r.back = r.routes()
	r.grad = r.kernelRoute()
	dense := r.denseTime()
	r.fewX, r.fewDX, r.fewDW = r.there.few(dense), r.back.few(dense), r.grad.few(dense)
}

func (r *convRun[F]) do(op *convOp, in []G.Value) (G.Value, error) {
	nx, ny, nw := r.samples*r.sizeX(), r.samples*r.sizeY(), r.out*r.patch()
	sizes := [...][3]int{convY: {nx, nw, r.out}, convDX: {ny, nw}, convDW: {nx, ny}, convDB: {ny}}[op.kind]
	var fs [3][]F
	for i, v := range in {
		f, err := floats[F](op, v)
		if err != nil {
			return nil, err
		}
		if i == 0 && r.given != nil && (op.kind == convY || op.kind == convDW) {
			r.given.now.sort()
			continue // a token, for which the lists stand
		}
		if len(f) != sizes[i] {
			return nil, fmt.Errorf("graph: %v: input %d has %d elements, the graph was built for %d", op, i, len(f), sizes[i])
		}
		fs[i] = f
	}
	r.prepare()
	y := op.Result(r.dt, op.Shape)
	dst := elems[F](y)
	switch op.kind {
	case convY:
		r.forward(dst, fs[0], fs[1], fs[2])
	case convDX:
		r.gradX(dst, fs[0], fs[1])
	case convDW:
		r.gradW(dst, fs[0], fs[1])
	case convDB:
		r.gradBias(dst, fs[0])
	}
	return y, nil
}

func (r *convRun[F]) forward(y, x, w, bias []F) {
	few := r.few(x, r.fewX)
	if few {
		r.order(w, r.there.place)
	}
	ny := r.sizeY()
	r.eachSample(func(b *convBuffers[F], i int) {
		x, y := r.image(b, x, i), y[i*ny:(i+1)*ny]
		if few {
			r.follow(b, r.there, y, x)
		} else {
			r.dense.forward(b, y, x, w)
		}
		addBias(y, bias)
	})
}

func (r *convRun[F]) gradX(dx, dy, w []F) {
	few := r.few(dy, r.fewDX)
	if few {
		r.order(w, r.back.place)
	} else {
		k := r.patch()
		r.k.transpose(room(&r.kernel, len(w)), r.out, w, k, r.out, k)
	}
	nx, ny := r.sizeX(), r.sizeY()
	r.eachSample(func(b *convBuffers[F], i int) {
		dx, dy := dx[i*nx:(i+1)*nx], dy[i*ny:(i+1)*ny]
		if few {
			r.follow(b, r.back, dx, dy)
		} else {
			r.dense.gradX(b, dx, dy, r.kernel)
		}
	})
}

func (r *convRun[F]) gradW(dw, x, dy []F) {
	// The spikes are found again: who went forward last may have had another x,
	// such as another time step inside a scan.
	few := r.few(x, r.fewDW)
	ny := r.sizeY()
	sum := r.sumSamples(len(dw), func(b *convBuffers[F], sum []F, i int) {
		x, dy := r.image(b, x, i), dy[i*ny:(i+1)*ny]
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
}

func (r *convRun[F]) gradBias(db, dy []F) {
	total := vec.For[F]().Sum
	ny := r.sizeY()
	n := ny / r.out
	copy(db, r.sumSamples(r.out, func(_ *convBuffers[F], sum []F, i int) {
		for o := range sum {
			sum[o] += total(dy[i*ny+o*n:][:n])
		}
	}))
}

// image returns image i of x: of its lists, if x is nil.
func (r *convRun[F]) image(b *convBuffers[F], x []F, i int) []F {
	n := r.sizeX()
	if x != nil {
		return x[i*n : (i+1)*n]
	}
	image := room(&b.image, n)
	spread(r.given.now, image, i, i+1)
	return image
}

// follow computes the image that the elements of s add up to along a route.
func (r *convRun[F]) follow(b *convBuffers[F], t *route, d, s []F) {
	byColumn(t, &b.lists, s)
	sum := room(&b.sum, len(d))
	clear(sum)
	follow(t, &b.lists, sum, r.kernel)
	pixels := t.to.h * t.to.w
	r.k.transpose(d, pixels, sum, t.to.channels, pixels, t.to.channels)
}

// few reports whether less than the given share of the elements of some images is
// not zero. It looks at a few images, always the same ones; x is nil where they are
// lists.
func (r *convRun[F]) few(x []F, share float64) bool {
	if sparseBelow == 0 || share <= 0 {
		return false
	}
	const probes = 64
	size := len(x) / r.samples
	count := func(i int) int { return rowKernelsFor[F]().count(x[i*size : (i+1)*size]) }
	if x == nil {
		size, count = r.sizeX(), r.given.now.spikesIn
	}
	n, seen := 0, 0
	for i := 0; i < r.samples; i += max(1, r.samples/probes) {
		n += count(i)
		seen += size
	}
	return float64(n) < share*float64(seen)
}

// order puts w in the order of a route.
func (r *convRun[F]) order(w []F, place []int32) {
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
func (r *convRun[F]) take(i int) *convBuffers[F] {
	for len(r.buffers) <= i {
		r.buffers = append(r.buffers, &convBuffers[F]{})
	}
	return r.buffers[i]
}

// convSamples is how many samples make a piece of work.
const convSamples = 8

// eachSample calls work for all samples, on all processors.
func (r *convRun[F]) eachSample(work func(b *convBuffers[F], i int)) {
	_ = par.Blocks(r.samples, convSamples, r.take, func(b *convBuffers[F], i0, i1 int) error {
		for i := i0; i < i1; i++ {
			work(b, i)
		}
		return nil
	})
}

const (
	sumChunks   = 32      // at most so many chunks are summed side by side
	sumElements = 1 << 23 // and at most so many elements
)

// sumSamples calls add for all samples, on all processors, and returns the sum,
// which has n elements. Each chunk of samples has a sum of its own; which they
// are does not depend on GOMAXPROCS, so that the total does not either.
func (r *convRun[F]) sumSamples(n int, add func(b *convBuffers[F], sum []F, i int)) []F {
	size := max(1, ceilDiv(r.samples, min(max(1, sumElements/n), sumChunks)))
	chunks := ceilDiv(r.samples, size)
	part := room(&r.part, chunks*n)
	_ = par.Blocks(r.samples, size, r.take, func(b *convBuffers[F], i0, i1 int) error {
		sum := part[i0/size*n:][:n]
		clear(sum)
		for i := i0; i < i1; i++ {
			add(b, sum, i)
		}
		return nil
	})
	plus := vec.For[F]().Add
	for c := 1; c < chunks; c++ {
		plus(part[:n], part[:n], part[c*n:(c+1)*n])
	}
	return part[:n]
}

func ceilDiv(a, b int) int { return (a + b - 1) / b }

// imageKernels are the kernels that convolutions need; package gemm says what they
// compute.
type imageKernels[F vec.Float] struct {
	product     func(transA, transB bool, m, n, k int, a []F, lda int, b []F, ldb int, accumulate bool, c []F, ldc int)
	transpose   func(dst []F, ldd int, src []F, lds, rows, cols int)
	sumRuns     func(r *gemm.Runs, dst, w []F, idx []int32, val []F)
	listRows    func(x []F, ld, rows, cols int, idx []int32, val []F, start []int32, base, step, n int) int
	copyPatches func(p *gemm.Patches, dst, src []F)
	sumPatches  func(p *gemm.Patches, dst, src []F, add bool)
}

var (
	images32 = imageKernels[float32]{gemm.Float32, gemm.Transpose32, gemm.SumRuns32, gemm.ListRows32, (*gemm.Patches).Copy32, (*gemm.Patches).Sum32}
	images64 = imageKernels[float64]{gemm.Float64, gemm.Transpose64, gemm.SumRuns64, gemm.ListRows64, (*gemm.Patches).Copy64, (*gemm.Patches).Sum64}
)

func imageKernelsFor[F vec.Float]() *imageKernels[F] {
	if k, ok := any(&images32).(*imageKernels[F]); ok {
		return k
	}
	return any(&images64).(*imageKernels[F])
}
