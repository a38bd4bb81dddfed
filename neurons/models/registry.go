package models

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/spikegrad/spikegrad/graph"
)

// registered is what Named finds.
var registered = struct {
	sync.RWMutex
	models  map[string]Model
	aliases map[string]string
}{models: map[string]Model{}, aliases: map[string]string{}}

// Register enters a model under the name by which tests and reference cases find it. A
// name that is there already is an error.
func Register[S any, P graph.Params[S]](name string, step graph.Step[S, P], p P) error {
	registered.Lock()
	defer registered.Unlock()
	if err := free(name); err != nil {
		return err
	}
	registered.models[name] = Of(name, step, p)
	return nil
}

// Alias makes a registered model known under another name too.
func Alias(name, of string) error {
	registered.Lock()
	defer registered.Unlock()
	if registered.models[of] == nil {
		return fmt.Errorf("models: alias %q: no model %q", name, of)
	}
	if err := free(name); err != nil {
		return err
	}
	registered.aliases[name] = of
	return nil
}

// free reports whether a name is taken. The caller holds the lock.
func free(name string) error {
	if registered.models[name] != nil || registered.aliases[name] != "" {
		return fmt.Errorf("models: register %q: there is one of this name already", name)
	}
	return nil
}

// All returns the registered models, by name.
func All() []Model {
	registered.RLock()
	defer registered.RUnlock()
	var ms []Model
	for _, m := range registered.models {
		ms = append(ms, m.Clone())
	}
	slices.SortFunc(ms, func(a, b Model) int { return cmp.Compare(a.Name(), b.Name()) })
	return ms
}

// Names lists the names under which Named finds a model, in order.
func Names() []string {
	registered.RLock()
	defer registered.RUnlock()
	names := slices.AppendSeq(slices.Collect(maps.Keys(registered.models)), maps.Keys(registered.aliases))
	slices.Sort(names)
	return names
}

// Named returns the model registered under a name.
func Named(name string) (Model, error) {
	registered.RLock()
	defer registered.RUnlock()
	if m := registered.models[cmp.Or(registered.aliases[name], name)]; m != nil {
		return m.Clone(), nil
	}
	return nil, fmt.Errorf("models: no model %q", name)
}
