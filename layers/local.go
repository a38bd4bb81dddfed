package layers

import (
	"errors"
	"strings"

	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/internal/fields"
)

// instant returns the step without the gradient that goes through the state it starts from.
func instant[S any, P graph.Params[S]](step graph.Step[S, P]) graph.Step[S, P] {
	return func(x *G.Node, s S, p P) (*G.Node, S, error) {
		var b graph.Builder
		s, err := graph.MapState(s, func(_ string, n *G.Node) (*G.Node, error) { return b.Detach(n), b.Err() })
		if err != nil {
			return nil, s, err
		}
		return step(x, s, p)
	}
}

// local adds to the activity what a Build with Local tells of it.
func (l lifted) local(a *Activity, p any, entered map[string]*State) error {
	if entered == nil {
		return errors.New("the Build has Local and no Carry")
	}
	a.Enter = map[string]*State{}
	for name, s := range entered {
		if l.recurrent || l.wiring != nil {
			name = strings.TrimPrefix(name, "Inner.")
		}
		a.Enter[name] = s
	}
	switch {
	case l.wiring != nil:
		return nil
	case !l.recurrent:
		a.Model = l.typed.model(a.Name, p)
		return nil
	}
	a.Model = l.alone(a.Name, p)
	w, err := fields.Field(p, "W")
	if err != nil {
		return err
	}
	a.Back, a.Fired = *w.(**G.Node), entered["Z"]
	return nil
}
