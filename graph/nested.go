package graph

import (
	"fmt"
	"sync"

	G "gorgonia.org/gorgonia"
)

// mostNested is how many steps may be lifted one in the other.
const mostNested = 16

// nested counts, for graphs in which a step is being built, the steps around it.
var nested = struct {
	sync.Mutex
	depth map[*G.ExprGraph]int
}{depth: map[*G.ExprGraph]int{}}

// nest notes that a step is built in the graph inner, as it is lifted in outer,
// until done is called. A step that lifts itself would never end: that is an
// error.
func nest(outer, inner *G.ExprGraph) (done func(), err error) {
	nested.Lock()
	defer nested.Unlock()
	d, was := nested.depth[outer]+1, nested.depth[inner]
	if d > mostNested {
		return nil, fmt.Errorf("steps are lifted one in the other more than %d times: does one lift itself?", mostNested)
	}
	nested.depth[inner] = d
	return func() {
		nested.Lock()
		defer nested.Unlock()
		if nested.depth[inner] = was; was == 0 {
			delete(nested.depth, inner)
		}
	}, nil
}
