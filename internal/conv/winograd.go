package conv

import (
	"github.com/spikegrad/spikegrad/internal/gemm"
	"github.com/spikegrad/spikegrad/internal/par"
	"github.com/spikegrad/spikegrad/internal/vec"
)

// A winograd computes gradients of x of kernels 3×3 that move by one pixel, densely, by
// F(2×2, 3×3): four pixels of dx, a tile, come of 4×4 of dy by 16 multiplications for each
// pair of channels where patches take 36. With the kernel w turned round,
//
//	dx = Aᵀ [Σ (G w Gᵀ) ∘ (Bᵀ dy B)] A
//
//	    1  0 −1  0        1   0   0
//	Bᵀ  0  1  1  0    G   ½   ½   ½    Aᵀ  1  1  1  0
//	    0 −1  1  0        ½  −½   ½        0  1 −1 −1
//	    0  1  0 −1        0   0   1
//
// and the sum over channels is 16 matrix products. Besides these there are additions and
// halves alone, so that the result errs by a few times what that of patches does.
//
// A. Lavin and S. Gray, CVPR (2016), 4013.
type winograd[F vec.Float] struct {
	*Geometry
	k            *imageKernels[F]
	high, wide   int // tiles of an image
	kernels      [16]gemm.Packed[F]
	planes, turn []F // of the kernels, by element and transformed
}

// winogradTiles is how many tiles are worked on at once: the rows of a product.
const winogradTiles = 64

// winogradChannels is from how many channels on, of x and y, it takes less time than patches.
const winogradChannels = 16

// newWinograd returns a winograd for the geometry, nil for one that has none or so few
// channels that patches take less time.
func newWinograd[F vec.Float](c *Geometry, channels int) *winograd[F] {
	fits := func(a axis) bool { return a.kernel == 3 && a.Stride == 1 && a.Dilation == 1 }
	if !fits(c.y) || !fits(c.x) || min(c.in, c.out) < channels {
		return nil
	}
	return &winograd[F]{Geometry: c, k: imageKernelsFor[F](), high: ceilDiv(c.y.in, 2), wide: ceilDiv(c.x.in, 2)}
}

// prepare transforms the kernels of a group: U = G w Gᵀ, [out, in] for each of 16 elements.
func (r *winograd[F]) prepare(w []F) {
	n := r.out * r.in
	room(&r.planes, 9*n)
	r.k.transpose(r.planes, n, w, 9, n, 9)
	turn := room(&r.turn, (12+1)*n) // G w, and a sum
	v := vec.For[F]()
	plane := func(of []F, i int) []F { return of[i*n : (i+1)*n] }
	sum := plane(turn, 12)
	// three makes the four of three rows or columns a, b, c of what is turned round.
	three := func(to [4][]F, a, b, c []F) {
		copy(to[0], a)
		v.Add(sum, a, c)
		v.Add(to[1], sum, b)
		v.MulC(to[1], to[1], 0.5)
		v.Sub(to[2], sum, b)
		v.MulC(to[2], to[2], 0.5)
		copy(to[3], c)
	}
	for l := range 3 {
		at := func(k int) []F { return plane(r.planes, 3*(2-k)+2-l) }
		three([4][]F{plane(turn, l), plane(turn, 3+l), plane(turn, 6+l), plane(turn, 9+l)}, at(0), at(1), at(2))
	}
	for k := range 4 {
		to := r.planes[:4*n]
		three([4][]F{plane(to, 0), plane(to, 1), plane(to, 2), plane(to, 3)}, plane(turn, 3*k), plane(turn, 3*k+1), plane(turn, 3*k+2))
		for l := range 4 {
			r.kernels[4*k+l].Pack(plane(to, l), r.out, r.in)
		}
	}
}

// tiles is what a goroutine needs to work on tiles.
type tiles[F vec.Float] struct {
	turned  []F // an image of dy, [row, column, channel]
	rows    []F // with margins, [row, odd columns or even, half the column, channel]
	high    []F // Bᵀ dy of a row of tiles
	in, out []F // [16, tile, channel] before and after the products
	half    []F // the columns of Aᵀ M
	image   []F // dx, [row, column, channel]
}

// gradX computes dx of images i0 to i1.
func (r *winograd[F]) gradX(b *tiles[F], i0, i1 int, dx, dy func(i int) []F) {
	rows := max(1, winogradTiles/r.wide)
	most := rows * r.wide
	room(&b.in, 16*most*r.out)
	room(&b.out, 16*most*r.in)
	room(&b.half, 8*most*r.in)
	room(&b.image, r.sizeX())
	end := i1 * r.high
	for at := i0 * r.high; at < end; at += rows {
		to := min(at+rows, end)
		n := (to - at) * r.wide
		for row := at; row < to; row++ {
			image, i := row/r.high, row%r.high
			if i == 0 || row == i0*r.high {
				r.enter(b, dy(image))
			}
			r.before(b, i, (row-at)*r.wide, n)
		}
		for e := range r.kernels {
			r.kernels[e].Mul(b.out[e*n*r.in:(e+1)*n*r.in], b.in[e*n*r.out:(e+1)*n*r.out], n)
		}
		ys := r.after(b, n)
		for row := at; row < to; row++ {
			image, i := row/r.high, row%r.high
			r.leave(b, ys, i, (row-at)*r.wide, n)
			if i == r.high-1 {
				pixels := r.y.in * r.x.in
				r.k.transpose(dx(image), pixels, b.image, r.in, pixels, r.in)
			}
		}
	}
}

// enter turns an image of dy round and gives it margins of zeros: row i of rows is row
// i − 2 + pad of dy, and columns likewise, even ones first.
func (r *winograd[F]) enter(b *tiles[F], dy []F) {
	ch, pixels := r.out, r.y.out*r.x.out
	turned := room(&b.turned, pixels*ch)
	r.k.transpose(turned, ch, dy, pixels, ch, pixels)
	half := (r.wide + 1) * ch
	rows := room(&b.rows, (2*r.high+2)*2*half)
	clear(rows)
	top, left := 2-r.y.Pad, 2-r.x.Pad
	for i := max(0, -top); i < min(r.y.out, 2*r.high+2-top); i++ {
		row := rows[(i+top)*2*half:][:2*half]
		for j := max(0, -left); j < min(r.x.out, 2*r.wide+2-left); j++ {
			at := j + left
			copy(row[at%2*half+at/2*ch:], turned[(i*r.x.out+j)*ch:][:ch])
		}
	}
}

// before makes Bᵀ dy B of row i of the tiles of an image, the tiles from at on of n.
func (r *winograd[F]) before(b *tiles[F], i, at, n int) {
	v := vec.For[F]()
	wide, half := r.wide*r.out, (r.wide+1)*r.out
	row := func(k int) []F { return b.rows[(2*i+k)*2*half:][:2*half] }
	high := room(&b.high, 4*2*half)
	tall := func(k int) []F { return high[k*2*half:][:2*half] }
	v.Sub(tall(0), row(0), row(2))
	v.Add(tall(1), row(1), row(2))
	v.Sub(tall(2), row(2), row(1))
	v.Sub(tall(3), row(1), row(3))
	for k := range 4 {
		even, odd := tall(k)[:half], tall(k)[half:]
		to := func(l int) []F { return b.in[((4*k+l)*n+at)*r.out:][:wide] }
		v.Sub(to(0), even[:wide], even[r.out:])
		v.Add(to(1), odd[:wide], even[r.out:])
		v.Sub(to(2), even[r.out:], odd[:wide])
		v.Sub(to(3), odd[:wide], odd[r.out:])
	}
}

// after makes Aᵀ M A of n tiles: their four pixels, [pixel, tile, channel].
func (r *winograd[F]) after(b *tiles[F], n int) []F {
	v := vec.For[F]()
	size := n * r.in
	m := func(i int) []F { return b.out[i*size : (i+1)*size] }
	s := func(i int) []F { return b.half[i*size : (i+1)*size] }
	// two makes the two of four rows or columns.
	two := func(first, second, m0, m1, m2, m3 []F) {
		v.Add(first, m0, m1)
		v.Add(first, first, m2)
		v.Sub(second, m1, m2)
		v.Sub(second, second, m3)
	}
	for l := range 4 {
		two(s(l), s(4+l), m(l), m(4+l), m(8+l), m(12+l))
	}
	for k := range 2 {
		two(m(2*k), m(2*k+1), s(4*k), s(4*k+1), s(4*k+2), s(4*k+3))
	}
	return b.out[:4*size]
}

// leave writes the pixels of row i of the tiles of an image, those from at on of n.
func (r *winograd[F]) leave(b *tiles[F], ys []F, i, at, n int) {
	for p := range min(2, r.y.in-2*i) {
		row := b.image[(2*i+p)*r.x.in*r.in:][:r.x.in*r.in]
		for j := range r.x.in {
			tile := (2*p+j%2)*n + at + j/2
			copy(row[j*r.in:(j+1)*r.in], ys[tile*r.in:])
		}
	}
}

// newWinograds returns a winograd for each group, nil where there is none.
func newWinograds[F vec.Float](c *Geometry, channels int) []*winograd[F] {
	var ws []*winograd[F]
	for range c.groups {
		if w := newWinograd[F](c, channels); w != nil {
			ws = append(ws, w)
		}
	}
	return ws
}

// gradXFast computes dx of the groups that do not follow spikes.
func (r *Run[F]) gradXFast(dx, dy, w []F) {
	par.Each(r.groups, func(g int) {
		if !r.follows[g] {
			r.fast[g].prepare(r.wOf(w, g))
		}
	})
	chunks := ceilDiv(r.samples, convSamples)
	_ = par.Blocks(r.groups*chunks, 1, r.take, func(b *buffers[F], i, _ int) error {
		if g, from := i/chunks, i%chunks*convSamples; !r.follows[g] {
			r.fast[g].gradX(&b.tiles, from, min(r.samples, from+convSamples),
				func(i int) []F { return r.xOf(dx, i, g) }, func(i int) []F { return r.yOf(dy, i, g) })
		}
		return nil
	})
}
