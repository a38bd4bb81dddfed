package c

import (
	"errors"
	"fmt"
	"math"
	"strings"

	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/internal/arith"
	"github.com/spikegrad/spikegrad/internal/lower"
	ops "github.com/spikegrad/spikegrad/internal/op"
)

var errMoves = errors.New("it depends on the input, or on a state")

// constants computes nodes that are the same at all time steps, and writes them down as
// arrays, each once.
type constants struct {
	prefix string
	moving map[*G.Node]bool    // the input and the states
	given  map[*G.Node]*G.Node // for parameters of loops, what stands outside
	known  map[*G.Node]G.Value

	names map[string]string // of arrays, by what is in them
	text  strings.Builder
	bytes int
}

func newConstants(prefix string) *constants {
	return &constants{prefix: prefix, moving: map[*G.Node]bool{}, given: map[*G.Node]*G.Node{}, known: map[*G.Node]G.Value{}, names: map[string]string{}}
}

// value returns the value of a node that does not change, or an error that wraps errMoves.
func (c *constants) value(n *G.Node) (G.Value, error) {
	if v, ok := c.known[n]; ok {
		return v, nil
	}
	v, err := c.compute(n)
	if err == nil && v == nil {
		err = fmt.Errorf("%s has no value", n.Name())
	}
	if err != nil {
		return nil, err
	}
	c.known[n] = v
	return v, nil
}

func (c *constants) compute(n *G.Node) (G.Value, error) {
	if outer, ok := c.given[n]; ok {
		return c.value(outer)
	}
	if c.moving[n] {
		return nil, errMoves
	}
	if n.Op() == nil || lower.IsConstant(n) {
		return n.Value(), nil
	}
	var in []G.Value
	for _, child := range ops.Children(n) {
		v, err := c.value(child)
		if lower.FormOf(n.Op()).Kind == lower.Fill && errors.Is(err, errMoves) {
			v, err = ops.New(child.Dtype(), child.Shape()), nil // its shape is all that matters
		}
		if err != nil {
			return nil, err
		}
		in = append(in, v)
	}
	v, err := arith.Compute(n.Op(), arith.Of(n.Op()), nil, in...)
	if err != nil {
		return nil, err
	}
	return G.CloneValue(v)
}

// floats returns the elements of a node that does not change.
func (c *constants) floats(n *G.Node) ([]float32, error) {
	v, err := c.value(n)
	if err != nil {
		return nil, err
	}
	return ops.Floats[float32](v)
}

// uniform returns the number that all elements are, if they are.
func uniform(x []float32) (float32, bool) {
	for _, v := range x {
		if math.Float32bits(v) != math.Float32bits(x[0]) {
			return 0, false
		}
	}
	return x[0], true
}

// array returns the name of a constant array of floats; about says what it is.
func (c *constants) array(about string, x []float32) string {
	return enter(c, "float", about, x, 4, number)
}

// enter writes an array down, unless there is one like it.
func enter[E any](c *constants, kind, about string, x []E, size int, show func(E) string) string {
	var b strings.Builder
	for i, v := range x {
		switch {
		case i == 0:
		case i%8 == 0:
			b.WriteString(",\n    ")
		default:
			b.WriteString(", ")
		}
		b.WriteString(show(v))
	}
	key := kind + b.String()
	if name, ok := c.names[key]; ok {
		return name
	}
	name := fmt.Sprintf("%s_c%d", c.prefix, len(c.names))
	c.names[key] = name
	fmt.Fprintf(&c.text, "/* %s */\nstatic const %s %s[%d] = {\n    %s\n};\n\n", comment(about), kind, name, len(x), b.String())
	c.bytes += size * len(x)
	return name
}

// comment returns text that is nothing but a comment, whatever it is.
func comment(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9', strings.ContainsRune(" ._-,:()[]", r):
			return r
		}
		return '_'
	}, text)
}
