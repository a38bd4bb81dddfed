package conv

// A route says how the elements of an image S [channel, row, column] add up to an
// image D: which rows of S each row of D meets, which columns of D each column of
// S meets, and through which rows and columns of the kernel. With D and the kernel
// in the orders
//
//	D [row, column, channel]    kernel [row, channel of S, column, channel of D]
//
// a column of S adds to a row of D runs of the kernel, as long as the columns that
// it meets with all their channels. There is a route from x to y, for y, and one
// from y to x, for the gradient of x.
type route struct {
	from, to channelImage
	top      int      // rows of zeros that S has before its own
	height   int      // rows of S with all such rows
	rows     meetings // what rows of D meet in S with them
	cols     [][]run  // what each column of S meets in D
	kw       int
	place    []int32 // of each element of w in the kernel
}

// A channelImage is the size of an image.
type channelImage struct{ channels, h, w int }

func (s channelImage) size() int { return s.channels * s.h * s.w }

// routes returns the routes from x to y, and from y to x.
func (c *Geometry) routes() (there, back *route) {
	x, y := channelImage{c.in, c.y.in, c.x.in}, channelImage{c.out, c.y.out, c.x.out}
	heightX, heightY := c.y.sizes()
	ky, kx := c.y.order(), c.x.order()
	there = &route{
		from: x, to: y, top: c.y.Pad, height: heightX, kw: c.x.kernel,
		rows: c.y.collect(), cols: c.x.spread(kx).each(c.x.margin(), c.x.out),
		place: c.places(identity(c.y.kernel), kx, func(o, ch, k, l int) int { return ((k*c.in+ch)*c.x.kernel+l)*c.out + o }),
	}
	back = &route{
		from: y, to: x, top: c.y.margin(), height: heightY, kw: c.x.kernel,
		rows: c.y.spread(ky), cols: c.x.collect().each(c.x.Pad, c.x.in),
		place: c.places(ky, identity(c.x.kernel), func(o, ch, k, l int) int { return ((k*c.out+o)*c.x.kernel+l)*c.in + ch }),
	}
	return there, back
}

// places returns where each element of w goes. The rows and columns of the kernel
// are in the orders ky and kx, and at says where element k, l of them goes.
func (c *Geometry) places(ky, kx []int, at func(o, ch, k, l int) int) []int32 {
	place := make([]int32, c.out*c.patch())
	for o := range c.out {
		for ch := range c.in {
			for i, k := range ky {
				for j, l := range kx {
					place[((o*c.in+ch)*c.y.kernel+k)*c.x.kernel+l] = int32(at(o, ch, i, j))
				}
			}
		}
	}
	return place
}

// What things take, in ns on a processor with AVX-512. Only the ratios matter.
const (
	nsMultiply = 1. / 100 // a multiplication of a dense product
	nsPatch    = 1. / 10  // copying an element to a patch
	nsFind     = 2.5      // an element that is not zero, to find it and enter it into a list
	nsList     = 4        // a list, to go through it
	nsRun      = 0.5      // a run, to add it
	nsAdd      = 1. / 60  // and each of its elements
	nsShift    = 10       // a vector of a shifter's
	nsLane     = 1. / 20  // and each of its elements
	nsMove     = 1. / 8   // turning an image round, for each of its elements
)

// few returns the share of non-zero elements of S below which following them
// takes less time than a dense product that takes so many ns.
func (r *route) few(dense float64) float64 {
	var runs, lanes float64 // that all columns of S add to a row of D, one element in each
	for _, column := range r.cols {
		for _, c := range column {
			runs++
			lanes += float64(int(c.n) * r.to.channels)
		}
	}
	var lists, met float64 // of all rows of D, and the rows of S in them
	for _, class := range r.rows.class {
		for _, g := range r.rows.runs[class] {
			lists++
			met += float64(g.n)
		}
	}
	always := nsMove*float64(r.to.size()) + lists*(nsList*runs+nsAdd*lanes)
	each := nsFind + met/float64(r.height)*(nsRun*runs+nsAdd*lanes)/float64(r.from.w)
	return (dense - always) / (each * float64(r.from.size()))
}
