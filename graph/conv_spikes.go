package graph

import "github.com/spikegrad/spikegrad/internal/vec"

// convSpikes are the elements of images that are not zero, if they are few.
type convSpikes[F vec.Float] struct {
	lists spikeLists[F]
	few   bool
}

// read makes the lists of the images in x. They are few if they are less than the
// given share of x.
func (s *convSpikes[F]) read(x []F, images int, few float64) {
	s.lists.read(x, images, len(x)/images)
	if s.few = s.lists.sparse; !s.few {
		return
	}
	n := 0
	for i := range s.lists.chunks {
		n += len(s.lists.chunks[i].idx)
	}
	s.few = float64(n) < few*float64(len(x))
}

// What things take, in ns on a processor with AVX-512. Only the ratios matter.
const (
	nsMultiply = 1. / 50 // a multiplication of a dense product
	nsCopyRun  = 3.5     // copying a run to a patch
	nsCopy     = 1. / 16 // and each of its elements
	nsAddRun   = 10      // adding a run to another
	nsAdd      = 1. / 60 // and each of its elements
)

// few returns the shares of non-zero elements of x, and of the gradient of y,
// below which following them takes less time than the dense product.
func (c *conv) few(spread, collect *convTable) (x, dy float64) {
	pixels := float64(len(collect.pixels))
	product := nsMultiply * pixels * float64(c.out*c.patch())
	add := collect.cost(nsAddRun, nsAdd)
	x = (product + pixels*collect.cost(nsCopyRun, nsCopy)) / (spread.cost(nsAddRun, nsAdd) * float64(c.sizeX()))
	dy = (product + pixels*add) / (add * float64(c.sizeY()))
	return x, dy
}

// cost returns what the runs of a pixel cost on average, given the cost of a run
// and of each of its elements.
func (t *convTable) cost(run, element float64) float64 {
	var sum float64
	for _, runs := range t.runs {
		for _, r := range runs {
			sum += run + element*float64(r.n)
		}
	}
	return sum / float64(len(t.runs))
}
