package nir

import (
	"errors"
	"fmt"
	"io"

	"github.com/spikegrad/spikegrad/internal/files"
	"github.com/spikegrad/spikegrad/internal/h5"
)

// Version is the version of the format that is written.
const Version = "1.0.7"

// Write writes a network, with the same bytes for the same network. It writes what
// Python's nir reads: an error says what that would refuse, as edges between nodes whose
// shapes differ.
func Write(w io.Writer, g *Graph) error {
	if w == nil {
		return errors.New("nir: the writer is nil")
	}
	if err := g.Check(); err != nil {
		return err
	}
	node, err := g.group("node", 0)
	if err == nil {
		err = h5.Write(w, h5.Group{"version": text(Version), "node": node})
	}
	if err != nil {
		return fmt.Errorf("nir: %w", err)
	}
	return nil
}

// WriteFile writes a network to the file at path, which appears whole or not at all.
func WriteFile(path string, g *Graph) error {
	return files.Replace(path, func(w io.Writer) error { return Write(w, g) })
}

func text(s string) *h5.Array { return &h5.Array{Data: []string{s}} }

// group returns a graph as it is in a file.
func (g *Graph) group(path string, depth int) (h5.Group, error) {
	if depth > mostDeep {
		return nil, fmt.Errorf("%s…: graphs stand one in the other more than %d times", path[:min(len(path), 200)], mostDeep)
	}
	nodes := h5.Group{}
	for _, name := range g.names() {
		n := g.Nodes[name]
		at := path + "/nodes/" + name
		if n.Graph != nil {
			sub, err := n.Graph.group(at, depth+1)
			if err != nil {
				return nil, err
			}
			nodes[name] = sub
			continue
		}
		out := h5.Group{"type": text(n.Type)}
		for name, a := range n.Params {
			out[name] = a.written()
		}
		if err := n.Metadata.write(out, at); err != nil {
			return nil, err
		}
		nodes[name] = out
	}
	es := g.edges()
	ends := make([]string, 0, 2*len(es))
	for _, e := range es {
		ends = append(ends, e.From, e.To)
	}
	out := h5.Group{"type": text(subgraph), "nodes": nodes, "edges": &h5.Array{Shape: []int{len(es), 2}, Data: ends}}
	return out, g.Metadata.write(out, path)
}

// written returns an array as it is in a file.
func (a Array) written() *h5.Array {
	return &h5.Array{Shape: a.Shape, Data: a.Data, Gzip: a.Len() >= 256}
}

// write puts notes into a group.
func (m Metadata) write(into h5.Group, path string) error {
	if len(m) == 0 {
		return nil
	}
	g, err := m.group(path+"/metadata", 0)
	into["metadata"] = g
	return err
}

func (m Metadata) group(path string, depth int) (h5.Group, error) {
	if depth > mostDeep {
		return nil, fmt.Errorf("%s…: metadata stand one in the other more than %d times", path[:min(len(path), 200)], mostDeep)
	}
	g := h5.Group{}
	for name, v := range m {
		switch v := v.(type) {
		case Array:
			g[name] = v.written()
		case Metadata:
			sub, err := v.group(path+"/"+name, depth+1)
			if err != nil {
				return nil, err
			}
			g[name] = sub
		default:
			return nil, fmt.Errorf("%s/%s: it is a %T, want an Array or Metadata", path, name, v)
		}
	}
	return g, nil
}
