package conv

import (
	"github.com/spikegrad/spikegrad/internal/gemm"
	"github.com/spikegrad/spikegrad/internal/vec"
)

// bandElements is about how many elements the patches of a band of rows have, so
// that they stay in the cache.
const bandElements = 1 << 16

// channelElements is about how many elements the patches of some channels have, so
// that they stay in the first-level cache.
const channelElements = 1 << 13

// A bander cuts the rows of y into bands, and works on the patches of x that a
// band meets, [channel of x, row and column of the kernel, row and column of y].
type bander[F vec.Float] struct {
	*Geometry
	k             *imageKernels[F]
	height, width int  // of x with margins
	rows          int  // of a band
	plain         bool // images are their patches: the kernel is one pixel, and meets each
}

func newBander[F vec.Float](c *Geometry) bander[F] {
	b := bander[F]{Geometry: c, k: imageKernelsFor[F]()}
	b.height, _ = c.y.sizes()
	b.width, _ = c.x.sizes()
	b.plain = c.y.kernel*c.x.kernel == 1 && c.y.Stride*c.x.Stride == 1 && !b.padded()
	b.rows = min(c.y.out, max(1, bandElements/(c.patch()*c.x.out)))
	return b
}

// A band is some rows of y.
type band[F vec.Float] struct {
	p      gemm.Patches // of one channel of x
	from   int          // where they begin in it, with margins
	at     int          // where the band begins in a channel of y
	pixels int          // of the band
	x      []F          // the patches of all channels
	ld     int          // from row to row in them
}

// each calls do for the bands.
func (b *bander[F]) each(buf *buffers[F], do func(band *band[F])) {
	for i := 0; i < b.y.out; i += b.rows {
		n := min(b.rows, b.y.out-i)
		buf.band = band[F]{
			p: gemm.Patches{
				KH: b.y.kernel, KW: b.x.kernel, OH: n, OW: b.x.out, StrideY: b.y.Stride, StrideX: b.x.Stride, DilationY: b.y.Dilation, DilationX: b.x.Dilation,
				Height: b.y.Stride*(n-1) + b.y.reach(), Width: b.width,
			},
			from: i * b.y.Stride * b.width, at: i * b.x.out, pixels: n * b.x.out, ld: n * b.x.out,
		}
		if !b.plain {
			buf.band.x = room(&buf.patches, b.patch()*n*b.x.out)
		}
		do(&buf.band)
	}
}

// copy copies the patches of an image x with margins.
func (b *bander[F]) copy(band *band[F], x []F) {
	if b.plain {
		band.x, band.ld = x[band.from:], b.height*b.width
		return
	}
	size := band.p.Size()
	for c := range b.in {
		image := x[c*b.height*b.width:][:b.height*b.width]
		b.k.copyPatches(&band.p, band.x[c*size:(c+1)*size], image[band.from:])
	}
}

// forward computes y = W X, where the columns of X are the patches.
func (b *bander[F]) forward(buf *buffers[F], y, x, w []F) {
	x = b.widen(buf, x)
	k, pixels := b.patch(), b.y.out*b.x.out
	b.each(buf, func(band *band[F]) {
		b.copy(band, x)
		b.k.product(false, false, b.out, band.pixels, k, w, k, band.x, band.ld, false, y[band.at:], pixels)
	})
}

// gradW adds X dyᵀ to dw, the transpose of the gradient: this way round it is dy,
// the smaller one, that the product copies.
func (b *bander[F]) gradW(buf *buffers[F], dw, x, dy []F) {
	x = b.widen(buf, x)
	pixels := b.y.out * b.x.out
	b.each(buf, func(band *band[F]) {
		b.copy(band, x)
		b.k.product(false, true, b.patch(), b.out, band.pixels, band.x, band.ld, dy[band.at:], pixels, true, dw, b.out)
	})
}

// gradX adds up the patches Wᵀ dy. wt is W transposed. It takes as many channels at
// a time as have patches that stay in the first-level cache.
func (b *bander[F]) gradX(buf *buffers[F], dx, dy, wt []F) {
	pixels := b.y.out * b.x.out
	if b.plain {
		b.k.product(false, false, b.in, pixels, b.out, wt, b.out, dy, pixels, false, dx, pixels)
		return
	}
	sum := dx
	if b.padded() {
		sum = room(&buf.x, b.in*b.height*b.width)
	}
	// Where patches overlap in one band only, the first sum need not be added.
	add := b.rows < b.y.out || !b.meetsAll()
	if add {
		clear(sum)
	}
	b.each(buf, func(band *band[F]) {
		n, size := b.y.kernel*b.x.kernel, band.p.Size()
		channels := ceilDiv(b.in, ceilDiv(b.in*size, max(size, channelElements)))
		for c := 0; c < b.in; c += channels {
			m := min(channels, b.in-c)
			b.k.product(false, false, m*n, band.pixels, b.out, wt[c*n*b.out:], b.out, dy[band.at:], pixels, false, band.x, band.pixels)
			for i := range m {
				image := sum[(c+i)*b.height*b.width:][:b.height*b.width]
				b.k.sumPatches(&band.p, image[band.from:], band.x[i*size:(i+1)*size], add)
			}
		}
	})
	if b.padded() {
		b.eachRow(func(at, wide int) { copy(dx[at:at+b.x.in], sum[wide:]) })
	}
}

// padded reports whether there are margins.
func (b *bander[F]) padded() bool { return b.height > b.y.in || b.width > b.x.in }

// meetsAll reports whether every element of x, with margins, is in a patch.
func (b *bander[F]) meetsAll() bool {
	all := func(a axis, size int) bool {
		return a.Stride <= a.kernel && a.Dilation == 1 && a.Stride*(a.out-1)+a.kernel == size
	}
	return all(b.y, b.height) && all(b.x, b.width)
}

// widen returns x with margins.
func (b *bander[F]) widen(buf *buffers[F], x []F) []F {
	if !b.padded() {
		return x
	}
	dst := room(&buf.x, b.in*b.height*b.width)
	clear(dst)
	b.eachRow(func(at, wide int) { copy(dst[wide:], x[at:at+b.x.in]) })
	return dst
}

// eachRow calls do for each row of an image: where it is without margins, and
// where with them.
func (b *bander[F]) eachRow(do func(at, wide int)) {
	for c := range b.in {
		for i := range b.y.in {
			do((c*b.y.in+i)*b.x.in, (c*b.height+b.y.Pad+i)*b.width+b.x.Pad)
		}
	}
}

// denseTime returns what a dense product of W or its gradient with an image takes.
func (c *Geometry) denseTime() float64 {
	return float64(c.patch()*c.y.out*c.x.out) * (nsMultiply*float64(c.out) + nsPatch)
}
