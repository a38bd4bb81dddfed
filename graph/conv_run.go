package graph

import (
	"fmt"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/internal/vec"
)

// Images come plane by plane, [channel, pixel]. What a pixel meets makes long runs
// where images lie pixel by pixel, [pixel, channel], and the kernel is ordered to
// match. So images are worked on one at a time, and turned round on their way:
//
//	spikes in x    add runs of the kernel [in, kh, kw, out] to y [pixel, out]
//	spikes in dy   add runs of the kernel [out, kh, kw, in] to dx [pixel, in]
//	no spikes      products with the kernel [out, kh, kw, in] of patches
//	               [pixel, kh, kw, in], which are runs of x [pixel, in]

// convRun holds the memory of a Conv2D, kept from run to run.
type convRun[F vec.Float] struct {
	*conv
	frameX, frameY frame
	dst            [4]*tensor.Dense
	spikes         convSpikes[F] // of x, or of the gradient of y
	spread         *convTable    // from pixels of x to those of y
	collect        *convTable    // from pixels of y to those of x
	fewX, fewY     float64       // shares of spikes below which they are followed
	kernel         []F           // w in the order of one of the tables
	part           []F           // sums over chunks of samples
	buffers        []*convBuffers[F]
}

// convBuffers is what a goroutine needs to work on one image.
type convBuffers[F vec.Float] struct {
	x, dy   []F // [pixel, channel] with margins, which stay 0
	dx, y   []F // [pixel, channel] with margins
	patches []F // [pixel of y, kh, kw, in], or their gradient
}

func newConvRun[F vec.Float](c *conv) *convRun[F] {
	x, y := c.frames()
	return &convRun[F]{conv: c, frameX: x, frameY: y}
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
		if len(f) != sizes[i] {
			return nil, fmt.Errorf("graph: %v: input %d has %d elements, the graph was built for %d", op, i, len(f), sizes[i])
		}
		fs[i] = f
	}
	if r.collect == nil {
		r.collect, r.spread = r.collecting(), r.spreading()
		r.fewX, r.fewY = r.few(r.spread, r.collect)
	}
	if r.dst[op.kind] == nil {
		r.dst[op.kind] = newDense(r.dt, op.shape)
	}
	dst := elems[F](r.dst[op.kind])
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
	return r.dst[op.kind], nil
}

func (r *convRun[F]) forward(y, x, w, bias []F) {
	r.spikes.read(x, r.samples, r.fewX)
	nx, ny := r.sizeX(), r.sizeY()
	if r.spikes.few {
		r.order(w, r.spread)
		r.eachSample(func(b *convBuffers[F], i int) {
			buf := room(&b.y, r.frameY.size())
			clear(buf)
			followSpikes(r.spread, &r.spikes, i, buf, r.kernel, false)
			fromFrame(r.frameY, y[i*ny:(i+1)*ny], buf)
			addBias(y[i*ny:(i+1)*ny], bias)
		})
		return
	}
	r.order(w, r.collect)
	k := r.patch()
	r.eachSample(func(b *convBuffers[F], i int) {
		p := r.patches(b, x[i*nx:(i+1)*nx])
		mul(product[F]{transB: true, m: r.out, n: ny / r.out, k: k, a: r.kernel, lda: k, b: p, ldb: k, c: y[i*ny : (i+1)*ny]})
		addBias(y[i*ny:(i+1)*ny], bias)
	})
}

func (r *convRun[F]) gradX(dx, dy, w []F) {
	r.spikes.read(dy, r.samples, r.fewY)
	r.order(w, r.collect)
	nx, ny := r.sizeX(), r.sizeY()
	r.eachSample(func(b *convBuffers[F], i int) {
		buf := room(&b.dx, r.frameX.size())
		clear(buf)
		if r.spikes.few {
			followSpikes(r.collect, &r.spikes, i, buf, r.kernel, false)
		} else {
			r.addPatches(b, buf, dy[i*ny:(i+1)*ny])
		}
		fromFrame(r.frameX, dx[i*nx:(i+1)*nx], buf)
	})
}

func (r *convRun[F]) gradW(dw, x, dy []F) {
	// The spikes are found again: who went forward last may have had another x,
	// such as another time step inside a scan.
	r.spikes.read(x, r.samples, r.fewX)
	nx, ny, k := r.sizeX(), r.sizeY(), r.patch()
	t := r.collect
	if r.spikes.few {
		t = r.spread
	}
	sum := r.sumSamples(len(dw), func(b *convBuffers[F], sum []F, i int) {
		dy := dy[i*ny : (i+1)*ny]
		if r.spikes.few {
			buf := room(&b.dy, r.frameY.size())
			toFrame(r.frameY, buf, dy)
			followSpikes(t, &r.spikes, i, buf, sum, true)
			return
		}
		p := r.patches(b, x[i*nx:(i+1)*nx])
		mul(product[F]{m: r.out, n: k, k: ny / r.out, a: dy, lda: ny / r.out, b: p, ldb: k, accumulate: true, c: sum})
	})
	for i, at := range t.place {
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

// order puts w in the order of a table.
func (r *convRun[F]) order(w []F, t *convTable) {
	kernel := room(&r.kernel, len(w))
	for i, at := range t.place {
		kernel[at] = w[i]
	}
}

// patches returns the patches of x.
func (r *convRun[F]) patches(b *convBuffers[F], x []F) []F {
	src := room(&b.x, r.frameX.size())
	toFrame(r.frameX, src, x)
	k := r.patch()
	dst := room(&b.patches, len(r.collect.pixels)*k)
	for p := range r.collect.pixels {
		origin, runs := r.collect.of(p)
		src, patch := src[origin:], dst[p*k:(p+1)*k]
		for _, c := range runs {
			copy(patch[c.k:c.k+c.n], src[c.at:c.at+c.n])
		}
	}
	return dst
}

// addPatches adds the gradient of the patches of x to dx.
func (r *convRun[F]) addPatches(b *convBuffers[F], dx, dy []F) {
	k, pixels := r.patch(), len(r.collect.pixels)
	grad := room(&b.patches, pixels*k)
	mul(product[F]{transA: true, m: pixels, n: k, k: r.out, a: dy, lda: pixels, b: r.kernel, ldb: k, c: grad})
	add := vec.For[F]().Add
	for p := range pixels {
		origin, runs := r.collect.of(p)
		dx, patch := dx[origin:], grad[p*k:(p+1)*k]
		for _, c := range runs {
			d := dx[c.at : c.at+c.n]
			add(d, d, patch[c.k:c.k+c.n])
		}
	}
}

// followSpikes adds, for each spike of sample i, the kernel to what it meets in
// the other image; or with toKernel, that to the kernel.
func followSpikes[F vec.Float](t *convTable, s *convSpikes[F], i int, image, kernel []F, toKernel bool) {
	k := vec.For[F]()
	add, addTimes := k.Add, k.MulAddC
	pixels := len(t.pixels)
	first := 0 // pixel of the channel to which the kernel belongs
	idx, val := s.lists.chunks[i/chunkRows].row(i % chunkRows)
	for j, at := range idx {
		p := int(at) - first
		for ; p >= pixels; p -= pixels {
			first += pixels
			kernel = kernel[t.rows:]
		}
		origin, runs := t.of(p)
		image := image[origin:]
		for _, c := range runs {
			dst, src := image[c.at:c.at+c.n], kernel[c.k:c.k+c.n]
			if toKernel {
				dst, src = src, dst
			}
			if val == nil {
				add(dst, dst, src)
			} else {
				addTimes(dst, src, val[j], dst)
			}
		}
	}
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
	_ = eachBlock(r.samples, convSamples, r.take, func(b *convBuffers[F], i0, i1 int) error {
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
	_ = eachBlock(r.samples, size, r.take, func(b *convBuffers[F], i0, i1 int) error {
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
