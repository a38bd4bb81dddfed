package nir

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/spikegrad/spikegrad/blueprint"
	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/internal/limit"
)

func init() {
	if err := blueprint.Register("NIR", (*Network)(nil)); err != nil {
		panic(err) // at start, in this package alone
	}
}

// A jsonNetwork is a network in a blueprint: what it was imported from, without the
// weights, which are in the file beside it.
type jsonNetwork struct {
	Dt       float64         `json:"dt"`
	Steps    bool            `json:"steps,omitempty"`
	Exact    bool            `json:"exact,omitempty"`
	Metadata bool            `json:"metadata,omitempty"`
	Spike    json.RawMessage `json:"spike"`
	Graph    *jsonGraph      `json:"graph"`
}

type jsonGraph struct {
	Nodes    map[string]jsonNode `json:"nodes"`
	Edges    [][2]string         `json:"edges"`
	Metadata map[string]any      `json:"metadata,omitempty"`
}

type jsonNode struct {
	Type     string               `json:"type"`
	Params   map[string]jsonArray `json:"params,omitempty"`
	Metadata map[string]any       `json:"metadata,omitempty"`
}

// A jsonArray is an array: its elements, or one that stands for all.
type jsonArray struct {
	Kind  string `json:"kind"`
	Shape []int  `json:"shape"`
	Data  any    `json:"data,omitempty"`
	Fill  any    `json:"fill,omitempty"`
}

// A spiking is what holds a spike function in a blueprint.
type spiking struct{ Spike graph.Func }

// MarshalJSON returns what the network was imported from, without the values of weights:
// for package blueprint.
func (n *Network) MarshalJSON() ([]byte, error) {
	if n == nil || len(n.vs) == 0 {
		return nil, errors.New("nir: the network is empty")
	}
	o := n.options
	j := jsonNetwork{Dt: n.report.Dt, Steps: o.Steps, Exact: o.Integration != graph.Euler, Metadata: o.Metadata, Graph: &jsonGraph{Nodes: map[string]jsonNode{}}}
	var err error
	if j.Spike, err = blueprint.WriteValue(spiking{o.Spike}); err != nil {
		return nil, err
	}
	for _, v := range n.vs {
		node := jsonNode{Type: v.node.Type, Params: map[string]jsonArray{}, Metadata: jsonNotes(v.node.Metadata)}
		weights, err := v.list()
		if err != nil {
			return nil, err
		}
		for name, a := range v.node.Params {
			learnt := slices.ContainsFunc(weights, func(w weight) bool { return w.of == name && !w.fixed })
			node.Params[name] = jsonOf(a, learnt)
		}
		j.Graph.Nodes[v.name] = node
	}
	for _, e := range n.flat.edges() {
		j.Graph.Edges = append(j.Graph.Edges, [2]string{e.From, e.To})
	}
	j.Graph.Metadata = jsonNotes(n.flat.Metadata)
	return json.Marshal(j)
}

// jsonOf returns an array; with zeros if its values are elsewhere.
func jsonOf(a Array, elsewhere bool) jsonArray {
	j := jsonArray{Shape: append([]int{}, a.Shape...)}
	switch v := a.Data.(type) {
	case []float32:
		j.Kind, j.Data, j.Fill = "float32", v, alike(v)
	case []float64:
		j.Kind, j.Data, j.Fill = "float64", v, alike(v)
	case []int64:
		j.Kind, j.Data, j.Fill = "int64", v, alike(v)
	case []bool:
		j.Kind, j.Data = "bool", v
	case []string:
		j.Kind, j.Data = "text", v
	}
	if elsewhere {
		j.Fill = 0
	}
	if j.Fill != nil {
		j.Data = nil
	}
	return j
}

// alike returns the element that all are, nil if they differ or there are none.
func alike[E float32 | float64 | int64](v []E) any {
	if len(v) == 0 || slices.ContainsFunc(v, func(x E) bool { return x != v[0] }) {
		return nil
	}
	return v[0]
}

func jsonNotes(m Metadata) map[string]any {
	out := map[string]any{}
	for k, v := range m {
		switch v := v.(type) {
		case Array:
			out[k] = jsonOf(v, false)
		case Metadata:
			out[k] = jsonNotes(v)
		}
	}
	return out
}

// UnmarshalJSON imports the network again, with zeros for weights.
func (n *Network) UnmarshalJSON(text []byte) error {
	var j jsonNetwork
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&j); err != nil {
		return fmt.Errorf("nir: %w", err)
	}
	if j.Graph == nil {
		return errors.New("nir: there is no graph")
	}
	s, err := blueprint.ReadValue[spiking](j.Spike)
	if err != nil {
		return err
	}
	g := &Graph{Nodes: map[string]*Node{}}
	left := 1 << 28 // elements, whatever text stands for them
	for name, jn := range j.Graph.Nodes {
		node := &Node{Type: jn.Type, Params: map[string]Array{}}
		for what, a := range jn.Params {
			if node.Params[what], err = a.array(&left); err != nil {
				return fmt.Errorf("nir: node %s: %s: %w", name, what, err)
			}
		}
		if node.Metadata, err = notesOf(jn.Metadata, 0, &left); err != nil {
			return fmt.Errorf("nir: node %s: metadata: %w", name, err)
		}
		g.Nodes[name] = node
	}
	for _, e := range j.Graph.Edges {
		g.Edges = append(g.Edges, Edge{e[0], e[1]})
	}
	if g.Metadata, err = notesOf(j.Graph.Metadata, 0, &left); err != nil {
		return fmt.Errorf("nir: metadata: %w", err)
	}
	o := Options{Spike: s.Spike, Steps: j.Steps, Metadata: j.Metadata}
	if j.Exact {
		o.Integration = graph.Exponential
	}
	got, err := Import(g, j.Dt, o)
	if err != nil {
		return err
	}
	*n = *got
	return nil
}

// array returns the array, which takes its elements from those that are left.
func (j jsonArray) array(left *int) (a Array, err error) {
	n, err := limit.Within(max(*left, 0), j.Shape...)
	if err != nil {
		return a, err
	}
	*left -= n
	a.Shape = j.Shape
	if a.Shape == nil {
		a.Shape = []int{}
	}
	text, err := json.Marshal(j.Data)
	if j.Fill != nil {
		text, err = json.Marshal(j.Fill)
	}
	if err != nil {
		return a, err
	}
	switch j.Kind {
	case "float32":
		a.Data, err = elements[float32](text, j.Fill != nil, n)
	case "float64":
		a.Data, err = elements[float64](text, j.Fill != nil, n)
	case "int64":
		a.Data, err = elements[int64](text, j.Fill != nil, n)
	case "bool":
		a.Data, err = elements[bool](text, false, n)
	case "text":
		a.Data, err = elements[string](text, false, n)
	default:
		err = fmt.Errorf("the kind of its elements is %.40q", j.Kind)
	}
	return a, err
}

// elements reads elements, or one that stands for n.
func elements[E any](text []byte, fill bool, n int) ([]E, error) {
	var all []E
	var one E
	if !fill {
		err := json.Unmarshal(text, &all)
		if err == nil && len(all) != n {
			err = fmt.Errorf("%d elements, want %d", len(all), n)
		}
		return all, err
	}
	if err := json.Unmarshal(text, &one); err != nil {
		return nil, err
	}
	return slices.Repeat([]E{one}, n), nil
}

func notesOf(m map[string]any, depth int, left *int) (Metadata, error) {
	if len(m) == 0 {
		return nil, nil
	}
	if depth > mostDeep {
		return nil, fmt.Errorf("metadata stand one in the other more than %d times", mostDeep)
	}
	out := Metadata{}
	for k, v := range m {
		o, ok := v.(map[string]any)
		if !ok {
			return nil, fmt.Errorf("%s is no object", k)
		}
		if _, array := o["kind"].(string); !array {
			sub, err := notesOf(o, depth+1, left)
			if err != nil {
				return nil, err
			}
			out[k] = sub
			continue
		}
		text, err := json.Marshal(o)
		if err != nil {
			return nil, err
		}
		var j jsonArray
		if err := json.Unmarshal(text, &j); err != nil {
			return nil, err
		}
		if out[k], err = j.array(left); err != nil {
			return nil, err
		}
	}
	return out, nil
}
