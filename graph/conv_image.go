package graph

import "github.com/spikegrad/spikegrad/internal/vec"

// A frame is the shape of an image [row, column, channel] with margins.
type frame struct {
	h, w          int // of the image
	top, left     int // margins before it
	rows, columns int // with all margins
	channels      int
}

// frames returns those of the images of x and y.
func (c *conv) frames() (x, y frame) {
	x = frame{h: c.y.in, w: c.x.in, top: c.y.Pad, left: c.x.Pad, channels: c.in}
	y = frame{h: c.y.out, w: c.x.out, top: c.y.margin(), left: c.x.margin(), channels: c.out}
	x.rows, y.rows = c.y.sizes()
	x.columns, y.columns = c.x.sizes()
	return x, y
}

func (f frame) size() int { return f.rows * f.columns * f.channels }

// stretches calls do for each stretch of n pixels of the image that lie together,
// and each four channels (fewer at the end): at is where they begin in the
// frame, plane where they do in [channel, row, column] without margins.
func (f frame) stretches(do func(at, plane, n, channels int)) {
	rows, n := f.h, f.w
	if f.columns == f.w {
		rows, n = 1, f.h*f.w
	}
	for c := 0; c < f.channels; c += 4 {
		for i := range rows {
			do(((f.top+i)*f.columns+f.left)*f.channels+c, c*f.h*f.w+i*n, n, min(4, f.channels-c))
		}
	}
}

// fromFrame writes the image in src to dst, [channel, row, column].
func fromFrame[F vec.Float](f frame, dst, src []F) {
	pixels := f.h * f.w
	f.stretches(func(at, plane, n, channels int) {
		s, d := src[at:], dst[plane:]
		if channels < 4 {
			for c := range channels {
				for p := range n {
					d[c*pixels+p] = s[p*f.channels+c]
				}
			}
			return
		}
		d0, d1, d2, d3 := d[:n], d[pixels:][:n], d[2*pixels:][:n], d[3*pixels:][:n]
		for p := range d0 {
			s := s[p*f.channels:][:4]
			d0[p], d1[p], d2[p], d3[p] = s[0], s[1], s[2], s[3]
		}
	})
}

// toFrame writes the image src, [channel, row, column], to dst, and leaves the
// margins of dst.
func toFrame[F vec.Float](f frame, dst, src []F) {
	pixels := f.h * f.w
	f.stretches(func(at, plane, n, channels int) {
		s, d := src[plane:], dst[at:]
		if channels < 4 {
			for c := range channels {
				for p := range n {
					d[p*f.channels+c] = s[c*pixels+p]
				}
			}
			return
		}
		s0, s1, s2, s3 := s[:n], s[pixels:][:n], s[2*pixels:][:n], s[3*pixels:][:n]
		for p := range s0 {
			d := d[p*f.channels:][:4]
			d[0], d[1], d[2], d[3] = s0[p], s1[p], s2[p], s3[p]
		}
	})
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
