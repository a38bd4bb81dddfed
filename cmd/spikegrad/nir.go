package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/nir"
)

// importing are the flags that say how a network is imported.
type importing struct {
	dt              float64
	exact           bool
	steps, metadata bool
}

func (im *importing) flags(fs *flag.FlagSet, dt float64) {
	fs.Float64Var(&im.dt, "dt", dt, "a time step, in `seconds`")
	fs.BoolVar(&im.exact, "exact", false, "take time steps by exponential integration, not by Euler's method")
	fs.BoolVar(&im.steps, "steps", false, "times in the file are in steps, as Sinabs writes them")
	fs.BoolVar(&im.metadata, "metadata", false, "honour what spikegrad has noted in metadata: other resets, a readout")
}

// network reads a network and imports it.
func (im *importing) network(path string) (*nir.Graph, *nir.Network, error) {
	g, err := nir.ReadFile(path)
	if err != nil {
		return nil, nil, err
	}
	n, err := im.from(g)
	return g, n, err
}

func (im *importing) from(g *nir.Graph) (*nir.Network, error) {
	o := nir.Options{Steps: im.steps, Metadata: im.metadata}
	if im.exact {
		o.Integration = graph.Exponential
	}
	return nir.Import(g, im.dt, o)
}

const nirInfoHelp = `usage: spikegrad nir info NET.nir [flags]

Says what a network in the Neuromorphic Intermediate Representation holds: its nodes
with their types, shapes and arrays, its edges, and what an import would decide where
the format leaves it open.

`

// A nirReport is what info says of a network.
type nirReport struct {
	File    string       `json:"file"`
	Input   []int        `json:"input,omitempty"`
	Output  []int        `json:"output,omitempty"`
	Numbers int          `json:"numbers"`
	Nodes   []nodeReport `json:"nodes"`
	Edges   [][2]string  `json:"edges"`
	Import  []nir.Note   `json:"import,omitempty"`
	Refused string       `json:"refused,omitempty"`
}

type nodeReport struct {
	Name   string            `json:"name"`
	Type   string            `json:"type"`
	In     []int             `json:"in"`
	Out    []int             `json:"out"`
	Arrays map[string]string `json:"arrays,omitempty"`
}

// add enters the nodes and edges of a graph, those of graphs in it behind the name of
// these.
func (r *nirReport) add(g *nir.Graph, prefix string) error {
	shapes, err := g.Shapes()
	if err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(g.Nodes)) {
		n := g.Nodes[name]
		rep := nodeReport{Name: prefix + name, Type: n.Type, In: shapes[name].In, Out: shapes[name].Out, Arrays: map[string]string{}}
		for what, a := range n.Params {
			rep.Arrays[what] = fmt.Sprintf("%s %v", kindOf(a), a.Shape)
			if n.Type != "Input" && n.Type != "Output" {
				r.Numbers += a.Len()
			}
		}
		r.Nodes = append(r.Nodes, rep)
		if n.Graph != nil {
			if err := r.add(n.Graph, prefix+name+"."); err != nil {
				return err
			}
		}
	}
	for _, e := range g.Edges {
		r.Edges = append(r.Edges, [2]string{prefix + e.From, prefix + e.To})
	}
	slices.SortFunc(r.Edges, func(a, b [2]string) int { return slices.Compare(a[:], b[:]) })
	return nil
}

func kindOf(a nir.Array) string {
	switch a.Data.(type) {
	case []float32:
		return "float32"
	case []float64:
		return "float64"
	case []int64:
		return "int64"
	case []bool:
		return "bool"
	}
	return "text"
}

func (r nirReport) print(out io.Writer) {
	fmt.Fprintf(out, "file: %s\n", r.File)
	if r.Refused == "" {
		fmt.Fprintf(out, "input: %v\noutput: %v\n", r.Input, r.Output)
	}
	fmt.Fprintf(out, "nodes: %d\nedges: %d\nnumbers: %d\n", len(r.Nodes), len(r.Edges), r.Numbers)
	for _, n := range r.Nodes {
		fmt.Fprintf(out, "node %s: %s, %v to %v", n.Name, n.Type, n.In, n.Out)
		for _, what := range slices.Sorted(maps.Keys(n.Arrays)) {
			fmt.Fprintf(out, ", %s %s", what, n.Arrays[what])
		}
		fmt.Fprintln(out)
	}
	for _, e := range r.Edges {
		fmt.Fprintf(out, "edge: %s -> %s\n", e[0], e[1])
	}
	fmt.Fprint(out, prefixed("import: ", r.Import))
	if r.Refused != "" {
		fmt.Fprintf(out, "import: not possible: %s\n", r.Refused)
	}
}

func prefixed(prefix string, notes []nir.Note) (text string) {
	for _, n := range notes {
		text += prefix + nir.Report{Notes: []nir.Note{n}}.String()
	}
	return text
}

func nirInfo(args []string, out, _ io.Writer) error {
	fs := command("info", nirInfoHelp, out)
	var im importing
	im.flags(fs, 1e-4)
	asJSON := fs.Bool("json", false, "an object of JSON")
	paths, err := parse(fs, args)
	if err != nil {
		return err
	}
	if len(paths) != 1 {
		return wrong("%d files are named, want one", len(paths))
	}
	g, err := nir.ReadFile(paths[0])
	if err != nil {
		return err
	}
	rep := nirReport{File: paths[0]}
	if err := rep.add(g, ""); err != nil {
		return fmt.Errorf("%s: %w", paths[0], err)
	}
	if n, err := im.from(g); err != nil {
		rep.Refused = err.Error()
	} else {
		rep.Import = n.Report().Notes
		rep.Input, rep.Output = n.Shape().In, n.Shape().Out
	}
	if !*asJSON {
		rep.print(out)
		return nil
	}
	b, err := json.MarshalIndent(rep, "", "  ")
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%s\n", b)
	return nil
}
