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

// fewX returns the share of non-zero elements of x below which it pays to follow
// them. Of the dense product, the multiplications run about five times as fast as
// those of the spikes, which go through memory, and the making of patches costs as
// much as about 14 of them per element; for every spike the whole kernel is added,
// be it to the margin.
func (c *conv) fewX() float64 {
	pixels := float64(c.y.out*c.x.out) / float64(c.y.in*c.x.in)
	return pixels * float64(c.y.Stride*c.x.Stride) * denseCost(c.out)
}

// fewY is fewX for the gradient of y.
func (c *conv) fewY() float64 { return denseCost(c.in) }

func denseCost(channels int) float64 { return 0.2 + 2.8/float64(channels) }
