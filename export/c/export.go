package c

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/internal/files"
	"github.com/spikegrad/spikegrad/internal/flat"
	"github.com/spikegrad/spikegrad/internal/guard"
	"github.com/spikegrad/spikegrad/internal/limit"
	ops "github.com/spikegrad/spikegrad/internal/op"
	"github.com/spikegrad/spikegrad/layers"
)

// Options say how a network is written.
type Options struct {
	Prefix string // of all names; "" means "net"
	// Bits, from 2 to 8, writes the weights of maps as whole numbers below 2^(Bits−1), one
	// in a byte, with a float for each channel of the output that they are multiplied by:
	// what layers.Quantise rounds to; those of a DelayedLinear are rounded, and stay floats. 0 writes
	// floats.
	Bits int
	// KeepNorm leaves each BatchNorm by itself, in the place of folding those that
	// layers.Fold can into the map before them.
	KeepNorm bool
}

// A Code is a network in C.
type Code struct {
	Prefix          string
	Header, Source  []byte // the file Prefix.h, and the one that includes it by this name
	Inputs, Outputs int    // numbers at each time step
	Heads           []Head // the outputs of a network that has several
	Constants       int    // bytes of weights and other constants
	State           int    // bytes of a state, memory between its layers included
}

// A Head is a part of the outputs, from Offset on.
type Head struct {
	Name         string
	Offset, Size int
}

// Export returns a network of package layers as C. A sample has this shape at one time step;
// values are its weights and buffers by name, train.Model.Tensors, or nil for those that it
// draws first. The numbers are those that the network has in evaluation in float32, run step
// by step, up to rounding: dropout and noise do nothing, and what is float64 is rounded. The
// encoder of a training is not part of it.
//
// An error names the layer that cannot be written, and says why.
func Export(net layers.Layer, shape []int, values map[string]*tensor.Dense, o Options) (*Code, error) {
	var code *Code
	err := guard.Call("Apply", "network", net, func() (err error) { code, err = export(net, shape, values, o); return err })
	if err != nil {
		return nil, fmt.Errorf("c: export: %w", err)
	}
	return code, nil
}

var identifier = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]{0,30}$`)

// check returns an error unless the arguments of Export make sense, and the prefix.
func check(net layers.Layer, shape []int, o Options) (string, error) {
	prefix := o.Prefix
	if prefix == "" {
		prefix = "net"
	}
	switch {
	case net == nil:
		return "", errors.New("the network is nil")
	case !identifier.MatchString(prefix):
		return "", fmt.Errorf("the prefix is %q, want a letter and at most 30 letters, digits and _ behind it", prefix)
	case o.Bits != 0 && (o.Bits < 2 || o.Bits > 8):
		return "", fmt.Errorf("weights of %d bits, want 2 to 8, or 0 for floats", o.Bits)
	case len(shape) == 0 || slices.Min(shape) < 1:
		return "", fmt.Errorf("a sample has shape %v, want axes of at least 1", shape)
	}
	_, err := limit.Within(1<<28, shape...)
	return prefix, err
}

func export(net layers.Layer, shape []int, values map[string]*tensor.Dense, o Options) (*Code, error) {
	prefix, err := check(net, shape, o)
	if err != nil {
		return nil, err
	}
	short := map[string]*tensor.Dense{}
	for name, v := range values {
		if v == nil {
			return nil, fmt.Errorf("the value of %s is nil", name)
		}
		x, err := flat.Of(v)
		if err != nil {
			return nil, fmt.Errorf("the value of %s %w", name, err)
		}
		if x.F64 != nil {
			x.F32 = make([]float32, len(x.F64))
			for i, f := range x.F64 {
				x.F32[i] = float32(f)
			}
		}
		short[name] = tensor.New(tensor.WithShape(v.Shape()...), tensor.WithBacking(x.F32))
	}
	folded, err := net, errors.New("is not wanted")
	if !o.KeepNorm {
		folded, err = layers.Fold(net, shape, short)
	}
	switch {
	case err == nil:
		net = folded
	case len(short) > 0:
		net = layers.Given(short, net)
	}
	// With two steps it can be seen whether each is made of itself and of states alone.
	two, err := build(net, 2, shape)
	if err == nil {
		err = two.CheckTime(two.x, two.y, false)
	}
	if err == nil {
		err = two.CheckHidden(two.y)
	}
	if err != nil {
		return nil, err
	}
	one, err := build(net, 1, shape)
	if err != nil {
		return nil, err
	}
	return newAssembly(prefix, o.Bits, one).code()
}

// A built network is one on a graph.
type built struct {
	*layers.Build
	net  layers.Layer
	x, y *G.Node
	made []made // by layers, inner ones first
}

// What a layer has made.
type made struct {
	name string
	y    *G.Node
}

// build applies a network to a sequence of so many time steps of one sample.
func build(net layers.Layer, steps int, shape []int) (b built, err error) {
	b = built{Build: layers.NewBuild(0), net: net}
	b.x, err = graph.Input(G.NewGraph(), "x", tensor.New(tensor.Of(tensor.Float32), tensor.WithShape(append([]int{steps, 1}, shape...)...)))
	if err != nil {
		return b, err
	}
	b.Carry = &layers.Carry{}
	b.Applied = func(name string, l layers.Layer, _, y *G.Node) {
		if d := layers.Describe(l); len(d) == 1 {
			name += ", " + d[0].Settings
		}
		b.made = append(b.made, made{name, y})
	}
	b.y, err = net.Apply(b.Build, b.x)
	if err == nil && b.y == nil {
		err = errors.New("the network returned no output")
	}
	return b, err
}

// layerOf returns the name of the layer that has made a node: of the first that was finished
// with it.
func (b built) layerOf(n *G.Node) string {
	for _, m := range b.made {
		seen := map[*G.Node]bool{}
		ops.Upstream(m.y, seen, new(G.Nodes))
		if seen[n] {
			return m.name
		}
	}
	if d := layers.Describe(b.net); len(d) == 1 {
		return d[0].Settings
	}
	return "of the network"
}

// WriteFiles writes the source to a file, whose name ends in ".c", and the header to one of
// the prefix beside it. Each appears whole or not at all.
func (c *Code) WriteFiles(path string) error {
	header := filepath.Join(filepath.Dir(path), c.Prefix+".h")
	if filepath.Ext(path) != ".c" || strings.TrimSuffix(path, ".c") == "" {
		return fmt.Errorf("c: the name %s does not end in .c", path)
	}
	for _, f := range []struct {
		path string
		text []byte
	}{{header, c.Header}, {path, c.Source}} {
		if err := files.Replace(f.path, func(w io.Writer) error { _, err := w.Write(f.text); return err }); err != nil {
			return fmt.Errorf("c: %w", err)
		}
	}
	return nil
}
