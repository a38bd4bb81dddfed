package plasticity

import (
	"fmt"
	"slices"

	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/graph"
)

// CorrelationUpdate changes weights by what the correlation sensors at their
// synapses saw, now and then: a linear map of all traces says how.
type CorrelationUpdate struct {
	Map          *G.Node // [2 n_pre n_post, n_pre n_post], from traces to changes of weights
	Bias         *G.Node // [n_pre n_post], or nil
	LearningRate float64 // η
	Every        int     // steps from one update to the next
}

// Apply returns the weights and the sensors after step t, counted from 0. In every
// Every-th step,
//
//	w ← w + η ([c, d] M + bias)
//	c, d ← 0
//
// where c and d are the traces of the correlation and of the anti-correlation, row
// by row, and the result is taken row by row too; in all other steps nothing
// happens. No gradient flows through the map and the traces, and w has shape
// [n_pre, n_post] and the traces [1, n_pre, n_post]. An error says which shape or
// setting does not fit.
//
// S. Friedmann et al., IEEE Trans. Biomed. Circuits Syst. 11 (2017), 128.
func (u CorrelationUpdate) Apply(t int, w *G.Node, s CorrelationState) (*G.Node, CorrelationState, error) {
	var b graph.Builder
	b.Fail(u.check(t, w, s))
	if b.Err() != nil || t%u.Every != 0 {
		w, err := finish(&b, "correlation update", w)
		return w, s, err
	}
	n := w.Shape().TotalSize()
	row := columns{sizes: []int{n, n}}.join(&b, []*G.Node{
		b.Reshape(s.CorrelationTrace, 1, n), b.Reshape(s.AntiCorrelationTrace, 1, n),
	})
	change := b.MatMul(row, u.Map)
	if u.Bias != nil {
		change = b.Add(change, b.Reshape(u.Bias, 1, n))
	}
	change = b.Reshape(b.Detach(change), w.Shape()...)
	w = b.Add(w, b.Scale(change, graph.Const(u.LearningRate)))
	s.CorrelationTrace = b.Fill(s.CorrelationTrace, graph.Const(0))
	s.AntiCorrelationTrace = b.Fill(s.AntiCorrelationTrace, graph.Const(0))
	w, err := finish(&b, "correlation update", w)
	return w, s, err
}

func (u CorrelationUpdate) check(t int, w *G.Node, s CorrelationState) error {
	switch {
	case t < 0:
		return fmt.Errorf("step %d, want 0 or more", t)
	case u.Every < 1:
		return fmt.Errorf("an update every %d steps, want at least 1", u.Every)
	}
	if err := isTensor("w", w, 2); err != nil {
		return err
	}
	n := w.Shape().TotalSize()
	for _, x := range []struct {
		name  string
		n     *G.Node
		shape []int
	}{
		{"w", w, []int{w.Shape()[0], n / w.Shape()[0]}},
		{"CorrelationTrace", s.CorrelationTrace, append([]int{1}, w.Shape()...)},
		{"AntiCorrelationTrace", s.AntiCorrelationTrace, append([]int{1}, w.Shape()...)},
		{"Map", u.Map, []int{2 * n, n}},
		{"Bias", u.Bias, []int{n}},
	} {
		if x.n == nil && x.name == "Bias" {
			continue
		}
		if err := isTensor(x.name, x.n, 1); err != nil {
			return err
		}
		if !slices.Equal(x.n.Shape(), x.shape) {
			return fmt.Errorf("%s has shape %v, want %v for weights of shape %v", x.name, []int(x.n.Shape()), x.shape, []int(w.Shape()))
		}
	}
	return nil
}
