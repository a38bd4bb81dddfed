package nir

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"

	"github.com/spikegrad/spikegrad/internal/files"
	"github.com/spikegrad/spikegrad/internal/h5"
)

// mostDeep is how many graphs, or metadata, stand one in the other at most.
const mostDeep = 32

// Read reads a network from a file of size bytes. Every node is of a type that the format
// has, with its arrays and no others, and every edge is between nodes that are there; an
// error says where in the file what is wrong.
func Read(r io.ReaderAt, size int64) (*Graph, error) {
	g, err := read(r, size)
	if err != nil {
		return nil, fmt.Errorf("nir: %w", err)
	}
	return g, nil
}

// ReadFile reads a network from the file at path.
func ReadFile(path string) (*Graph, error) {
	f, info, err := files.Open(path)
	if err != nil {
		return nil, fmt.Errorf("nir: %w", err)
	}
	defer f.Close()
	g, err := read(f, info.Size())
	if err != nil {
		return nil, fmt.Errorf("nir: %s: %w", path, err)
	}
	return g, nil
}

func read(r io.ReaderAt, size int64) (*Graph, error) {
	if r == nil {
		return nil, errors.New("the reader is nil")
	}
	f, err := h5.Open(r, size)
	if err != nil {
		return nil, err
	}
	root, err := f.Root()
	if err != nil {
		return nil, err
	}
	rd := &reader{left: max(64*size, 1<<26), seen: map[int64]bool{}}
	in, err := rd.open(root)
	if err != nil {
		return nil, err
	}
	for _, name := range []string{"version", "node"} {
		if in[name] == nil && in["nodes"] != nil {
			return nil, errors.New("it has /nodes and no /node: recorded activity (NIRGraphData), which is not read, and no network")
		}
		if in[name] == nil {
			return nil, fmt.Errorf("it has no /%s, as networks have", name)
		}
	}
	if _, err := rd.text(in["version"]); err != nil {
		return nil, err
	}
	n, err := rd.node(in["node"], 0)
	if err != nil {
		return nil, err
	}
	if n.Graph == nil {
		return nil, fmt.Errorf("/node: type is %s, want %s", n.Type, subgraph)
	}
	return n.Graph, n.Graph.dangling("")
}

// A reader reads objects of a file, each once, and not more bytes than a file of its
// length has.
type reader struct {
	left int64
	seen map[int64]bool
}

// open returns what is in a group, by name.
func (r *reader) open(o *h5.Object) (map[string]*h5.Object, error) {
	links, err := o.Links()
	if err != nil {
		return nil, err
	}
	in := map[string]*h5.Object{}
	for _, l := range links {
		at := strings.TrimSuffix(o.Path(), "/") + "/" + l.Name
		switch {
		case h5.ValidName(l.Name) != nil || strings.ContainsFunc(l.Name, unicode.IsControl):
			return nil, fmt.Errorf("in %s the name %q is none for a node", o.Path(), l.Name)
		case in[l.Name] != nil:
			return nil, fmt.Errorf("%s is there twice", at)
		case r.seen[l.Address()]:
			return nil, fmt.Errorf("%s is an object that has another name too: networks have no such", at)
		}
		r.seen[l.Address()] = true
		if in[l.Name], err = o.Open(l); err != nil {
			return nil, err
		}
	}
	return in, nil
}

// array reads a data set.
func (r *reader) array(o *h5.Object) (a Array, err error) {
	if o.IsGroup() {
		return a, fmt.Errorf("%s is a group, want a data set", o.Path())
	}
	d, err := o.Dataset()
	if err != nil {
		return a, err
	}
	if r.left -= int64(d.Len()) * int64(d.Type.Size+8); r.left < 0 {
		return a, fmt.Errorf("%s: the data sets up to here have more elements than a file of this length has", o.Path())
	}
	a.Shape = slices.Clip(d.Shape)
	switch d.Type.Class {
	case h5.Int:
		a.Data, err = d.Ints()
	case h5.Float:
		var fs []float64
		if fs, err = d.Floats(); d.Type.Size == 8 {
			a.Data = fs
			break
		}
		short := make([]float32, len(fs))
		for i, f := range fs {
			short[i] = float32(f)
		}
		a.Data = short
	default:
		var texts []string
		texts, err = d.Strings()
		for _, t := range texts {
			r.left -= int64(len(t))
		}
		a.Data = texts
	}
	return a, err
}

// text reads a text.
func (r *reader) text(o *h5.Object) (string, error) {
	a, err := r.array(o)
	if err != nil {
		return "", err
	}
	t, ok := a.Data.([]string)
	if !ok || len(a.Shape) != 0 || len(t) != 1 {
		return "", fmt.Errorf("%s: shape %v of %T, want one text", o.Path(), a.Shape, a.Data)
	}
	return t[0], nil
}

// node reads a node from its group.
func (r *reader) node(o *h5.Object, depth int) (*Node, error) {
	if depth > mostDeep {
		return nil, fmt.Errorf("%s…: graphs stand one in the other more than %d times", o.Path()[:min(len(o.Path()), 200)], mostDeep)
	}
	if !o.IsGroup() {
		return nil, fmt.Errorf("%s is a data set, want the group of a node", o.Path())
	}
	in, err := r.open(o)
	if err != nil {
		return nil, err
	}
	if in["type"] == nil {
		return nil, fmt.Errorf("%s: it has no type", o.Path())
	}
	n := &Node{}
	if n.Type, err = r.text(in["type"]); err != nil {
		return nil, err
	}
	delete(in, "type")
	if meta := in["metadata"]; meta != nil {
		if n.Metadata, err = r.metadata(meta, 0); err != nil {
			return nil, err
		}
		delete(in, "metadata")
	}
	if n.Type == subgraph {
		n.Graph, err = r.graph(o.Path(), in, depth)
		if err == nil {
			n.Graph.Metadata, n.Metadata = n.Metadata, nil
		}
		return n, err
	}
	n.Params = map[string]Array{}
	for name, child := range in {
		if n.Params[name], err = r.array(child); err != nil {
			return nil, err
		}
	}
	if err := n.validate(); err != nil {
		return nil, fmt.Errorf("%s: %w", o.Path(), err)
	}
	return n, nil
}

// graph reads what is in the group of a graph.
func (r *reader) graph(path string, in map[string]*h5.Object, depth int) (*Graph, error) {
	g := &Graph{Nodes: map[string]*Node{}}
	for name := range in {
		switch name {
		case "nodes", "edges", "input_type", "output_type": // the last two are implied
		default:
			return nil, fmt.Errorf("%s: it has %s, which a graph has not", path, name)
		}
	}
	if in["nodes"] == nil || in["edges"] == nil {
		return nil, fmt.Errorf("%s: a graph has nodes and edges, and here one is missing", path)
	}
	a, err := r.array(in["edges"])
	if err != nil {
		return nil, err
	}
	ends, ok := a.Data.([]string)
	if empty := a.Len() == 0; !empty && (!ok || len(a.Shape) != 2 || a.Shape[1] != 2) {
		return nil, fmt.Errorf("%s: shape %v of %T, want [n 2] texts", in["edges"].Path(), a.Shape, a.Data)
	}
	seen := map[Edge]bool{}
	for pair := range slices.Chunk(ends, 2) {
		if e := (Edge{pair[0], pair[1]}); !seen[e] {
			seen[e] = true
			g.Edges = append(g.Edges, e)
		}
	}
	nodes, err := r.open(in["nodes"])
	if err != nil {
		return nil, err
	}
	for name, o := range nodes {
		if g.Nodes[name], err = r.node(o, depth+1); err != nil {
			return nil, err
		}
	}
	return g, nil
}

// metadata reads a group of notes.
func (r *reader) metadata(o *h5.Object, depth int) (Metadata, error) {
	if depth > mostDeep {
		return nil, fmt.Errorf("%s…: metadata stand one in the other more than %d times", o.Path()[:min(len(o.Path()), 200)], mostDeep)
	}
	if !o.IsGroup() {
		return nil, fmt.Errorf("%s is a data set, want a group", o.Path())
	}
	in, err := r.open(o)
	if err != nil {
		return nil, err
	}
	m := Metadata{}
	for name, child := range in {
		if child.IsGroup() {
			m[name], err = r.metadata(child, depth+1)
		} else {
			m[name], err = r.array(child)
		}
		if err != nil {
			return nil, err
		}
	}
	return m, nil
}
