package layers

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/internal/describe"
	"github.com/spikegrad/spikegrad/internal/flat"
)

// A Pattern says which inputs are connected to which outputs, where not all are. It is drawn
// with the first values of the weights, and saved with them; a network that is Given both
// has those connections, of whatever seed they are.
type Pattern interface {
	// Connect returns the connections from inputs below in to outputs below out, in any
	// order, each once.
	Connect(r *rand.Rand, in, out int) (from, to []int, err error)
}

// Only are the connections that are true, of all in × out, row by row of inputs.
type Only []bool

// Connect implements Pattern.
func (o Only) Connect(_ *rand.Rand, in, out int) (from, to []int, err error) {
	if in < 1 || out < 1 || len(o) != in*out {
		return nil, nil, fmt.Errorf("the pattern has %d elements, want %d: %d inputs times %d outputs", len(o), in*out, in, out)
	}
	for k, there := range o {
		if there {
			from, to = append(from, k/out), append(to, k%out)
		}
	}
	return from, to, nil
}

// Chance has each connection with this probability.
type Chance float64

// Connect implements Pattern. It takes as long as there are connections.
func (c Chance) Connect(r *rand.Rand, in, out int) (from, to []int, err error) {
	if r == nil {
		return nil, nil, errNoRand
	}
	if !(c > 0 && c <= 1) {
		return nil, nil, fmt.Errorf("the probability of a connection is %v, want above 0 and at most 1", float64(c))
	}
	n := max(0, float64(in)) * max(0, float64(out))
	if n*float64(c) > maxWeights {
		return nil, nil, fmt.Errorf("about %.0f connections, want at most %d", n*float64(c), maxWeights)
	}
	// How many are left out before the next one that is there is geometrically distributed.
	skip := func() float64 {
		if c == 1 {
			return 0
		}
		return math.Floor(math.Log1p(-r.Float64()) / math.Log1p(-float64(c)))
	}
	for k := skip(); k < n; k += 1 + skip() {
		from, to = append(from, int(k)/out), append(to, int(k)%out)
	}
	return from, to, nil
}

// FanIn gives each output so many inputs, drawn without putting back.
type FanIn int

// Connect implements Pattern.
func (f FanIn) Connect(r *rand.Rand, in, out int) (from, to []int, err error) {
	if r == nil {
		return nil, nil, errNoRand
	}
	if f < 1 || int(f) > in {
		return nil, nil, fmt.Errorf("an output has %d inputs, want 1 to %d", int(f), in)
	}
	if out > maxWeights/int(f) {
		return nil, nil, fmt.Errorf("%d connections to each of %d outputs, want at most %d in all", int(f), out, maxWeights)
	}
	for j := range out {
		chosen := make(map[int]bool, f)
		for k := in - int(f); k < in; k++ { // R. W. Floyd's way
			i := r.IntN(k + 1)
			if chosen[i] {
				i = k
			}
			chosen[i] = true
			from, to = append(from, i), append(to, j)
		}
	}
	return from, to, nil
}

// String returns how many connections there are.
func (o Only) String() string {
	n := 0
	for _, there := range o {
		if there {
			n++
		}
	}
	return fmt.Sprintf("Only(%d of %d)", n, len(o))
}

// String returns the probability.
func (c Chance) String() string { return fmt.Sprintf("Chance(%v)", float64(c)) }

// String returns the number of inputs.
func (f FanIn) String() string { return fmt.Sprintf("FanIn(%d)", int(f)) }

// connections adds the connections of a pattern, called by name with ".from" and ".to" at
// its end, and their weights. Values may give both.
func (b *Build) connections(x *G.Node, name string, p Pattern, init Init, in, out int) (w, from, to *G.Node, err error) {
	const most = 1 << 24
	if in > most || out > most {
		return nil, nil, nil, b.errorf("pattern", "%d inputs and %d outputs, want at most %d of both", in, out, most)
	}
	full, _ := b.sharedName(b.Name(name))
	i, j, err := b.givenEnds(x, full)
	if err == nil && i == nil {
		i, j, err = p.Connect(b.Rand(full+".pattern"), in, out)
	}
	if err != nil {
		return nil, nil, nil, b.errorf("pattern", "%w", err)
	}
	if len(i) == 0 && len(j) == 0 {
		return nil, nil, nil, b.errorf("pattern", "%s connects none of %d inputs with any of %d outputs, want one connection at least", describe.Value(p), in, out)
	}
	if len(i) == 0 || len(i) != len(j) {
		return nil, nil, nil, b.errorf("pattern", "there are %d connections from inputs and %d to outputs, want the same number, at least 1", len(i), len(j))
	}
	order := make([]int, len(i))
	for k := range order {
		order[k] = k
		if i[k] < 0 || i[k] >= in || j[k] < 0 || j[k] >= out {
			return nil, nil, nil, b.errorf("pattern", "a connection is from %d to %d, want 0 to %d and 0 to %d", i[k], j[k], in-1, out-1)
		}
	}
	slices.SortFunc(order, func(k, l int) int { return cmp.Or(cmp.Compare(i[k], i[l]), cmp.Compare(j[k], j[l])) })
	ends := [2][]float64{}
	for at, k := range order {
		if at > 0 && i[k] == i[order[at-1]] && j[k] == j[order[at-1]] {
			return nil, nil, nil, b.errorf("pattern", "the connection from %d to %d is there twice", i[k], j[k])
		}
		ends[0], ends[1] = append(ends[0], float64(i[k])), append(ends[1], float64(j[k]))
	}
	n := len(order)
	if w, err = b.Weight(x, name, spared{orLeCun(init), max(1, (n+out/2)/out), out}, n); err != nil {
		return nil, nil, nil, err
	}
	var nodes [2]*G.Node
	for k, end := range []string{".from", ".to"} {
		fresh := false
		if nodes[k], fresh, err = b.input(x, name+end, Values(ends[k]), n); err != nil {
			return nil, nil, nil, err
		}
		if fresh {
			b.Fixed = append(b.Fixed, nodes[k])
		}
	}
	return w, nodes[0], nodes[1], nil
}

// givenEnds returns the connections among Values, nil if they are not there. They need
// not be as many as the pattern draws: a network with the values of another one has its
// connections, whatever its seed.
func (b *Build) givenEnds(x *G.Node, full string) (from, to []int, err error) {
	if b.Values == nil {
		return nil, nil, nil
	}
	var ends [2][]int
	for k, end := range []string{".from", ".to"} {
		v := b.Values(full + end)
		if v == nil || v.Dtype() != x.Dtype() || v.Dims() != 1 {
			return nil, nil, nil
		}
		for _, f := range flat.Float64s(v) {
			n := int(f)
			if float64(n) != f {
				return nil, nil, fmt.Errorf("%s is given a connection at %v, want whole numbers", full+end, f)
			}
			ends[k] = append(ends[k], n)
		}
	}
	return ends[0], ends[1], nil
}

// spared draws the weights that are there as those of a full matrix of as many inputs as an
// output has.
type spared struct {
	Init
	in, out int
}

// Draw fills w.
func (s spared) Draw(r *rand.Rand, _ []int, w []float64) error {
	if v, ok := s.Init.(Values); ok {
		return v.Draw(r, []int{len(w)}, w)
	}
	return s.Init.Draw(r, []int{s.in, s.out}, w)
}
