package main

import "fmt"

// helper returns the file that makes the changes.
func (p *pkg) helper() []byte {
	return []byte(fmt.Sprintf(`package %s

import (
	"os"
	"strconv"

	"gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/graph"
)

var mutant = func() int {
	n, err := strconv.Atoi(os.Getenv(%q))
	if err != nil {
		return -1
	}
	return n
}()

func mutate[T any](number int, x T) T {
	if number != mutant {
		return x
	}
	const by = 1.001
	var b graph.Builder
	switch v := any(x).(type) {
	case float64:
		return any(v * by).(T)
	case *gorgonia.Node:
		if v == nil {
			return x
		}
		return any(b.Scale(v, graph.Const(by))).(T)
	case graph.Param:
		if c, ok := v.Value(); ok {
			return any(graph.Const(c * by)).(T)
		}
		return any(graph.Learn(b.Scale(v.Node(), graph.Const(by)))).(T)
	}
	return x
}
`, p.Name, variable))
}
