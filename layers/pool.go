package layers

import (
	"cmp"

	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/connect"
)

// Pool joins windows of Size × Width pixels of [T, batch, c, h, w], Stride apart,
// into one: their mean, or with Max their maximum, or with Sum their sum. Without Width and
// Stride these are squares side by side.
type Pool struct {
	Size   int // height of a window, pixels
	Width  int // and its width; 0 means Size
	Stride int // pixels from one window to the next; 0 means as far as windows reach
	Pad    int // pixels of zeros around the image, which count in a mean, and never as a maximum
	Max    bool
	Sum    bool
}

// Apply adds the pooling.
func (p Pool) Apply(b *Build, x *G.Node) (*G.Node, error) {
	if err := b.takes("pool", x, "[T batch c h w]", 5, 5); err != nil {
		return nil, err
	}
	of, err := b.pooling(p.Max, p.Sum)
	if err != nil {
		return nil, err
	}
	width := cmp.Or(p.Width, p.Size)
	conv := connect.Conv{Stride: cmp.Or(p.Stride, p.Size), Pad: p.Pad}
	if across := cmp.Or(p.Stride, width); across != conv.Stride {
		conv.Width = &connect.Axis{Stride: across, Pad: p.Pad}
	}
	y, err := connect.Pool(x, of, p.Size, width, conv)
	if err != nil {
		return nil, b.errorf("pool", "%w", err)
	}
	return y, nil
}

func (b *Build) pooling(most, sum bool) (connect.Pooling, error) {
	switch {
	case most && sum:
		return 0, b.errorf("pool", "it has Max and Sum, want one of them or none")
	case most:
		return connect.PoolMax, nil
	case sum:
		return connect.PoolSum, nil
	}
	return connect.PoolMean, nil
}

// AdaptivePool makes images of Height × Width pixels of those of [T, batch, c, h, w],
// whatever their size, as connect.AdaptivePool says: of means, or with Max of maxima, or with
// Sum of sums. The zero value is global pooling, to one pixel.
type AdaptivePool struct {
	Height, Width int // pixels; 0 means 1
	Max           bool
	Sum           bool
}

// Apply adds the pooling.
func (p AdaptivePool) Apply(b *Build, x *G.Node) (*G.Node, error) {
	if err := b.takes("pool", x, "[T batch c h w]", 5, 5); err != nil {
		return nil, err
	}
	of, err := b.pooling(p.Max, p.Sum)
	if err != nil {
		return nil, err
	}
	y, err := connect.AdaptivePool(x, of, cmp.Or(p.Height, 1), cmp.Or(p.Width, 1))
	if err != nil {
		return nil, b.errorf("pool", "%w", err)
	}
	return y, nil
}

// Upsample repeats every pixel of [T, batch, c, h, w] By times down and across.
type Upsample struct{ By int }

// Apply adds the repetition.
func (u Upsample) Apply(b *Build, x *G.Node) (*G.Node, error) {
	if err := b.takes("upsample", x, "[T batch c h w]", 5, 5); err != nil {
		return nil, err
	}
	y, err := connect.Upsample(x, u.By, u.By)
	if err != nil {
		return nil, b.errorf("upsample", "%w", err)
	}
	return y, nil
}
