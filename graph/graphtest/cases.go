package graphtest

import (
	"encoding/json"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spikegrad/spikegrad/internal/files"
)

// Case is a reference case: a function, its inputs and parameters, and the
// outputs and gradients that an independent program computed in float64.
type Case struct {
	Name       string           `json:"name"`
	Function   string           `json:"function"`
	Kind       string           `json:"kind"`   // step, function, statistical or constants
	Lifted     bool             `json:"lifted"` // x has a leading time axis
	Note       string           `json:"note"`
	Dt         *float64         `json:"dt"`
	Params     map[string]Value `json:"params"`
	Inputs     map[string]Array `json:"inputs"`
	Outputs    map[string]Array `json:"outputs"`
	Cotangents map[string]Array `json:"cotangents"` // weights of the loss
	Grads      map[string]Array `json:"grads"`      // of the loss
	Trials     int              `json:"trials"`
	Tolerance  map[string]any   `json:"tolerance"`
}

// Array is a tensor in a case.
type Array struct {
	Shape []int     `json:"shape"`
	Data  []float64 `json:"data"`
	Inf   []int     `json:"inf"` // positions of +∞
}

// UnmarshalJSON reads an array and puts its infinities in place.
func (a *Array) UnmarshalJSON(b []byte) error {
	type plain Array
	if err := json.Unmarshal(b, (*plain)(a)); err != nil {
		return err
	}
	n := 1
	for _, d := range a.Shape {
		n *= d
	}
	if n != len(a.Data) {
		return fmt.Errorf("array of shape %v has %d elements", a.Shape, len(a.Data))
	}
	for _, i := range a.Inf {
		if i < 0 || i >= n {
			return fmt.Errorf("array of shape %v has an infinity at position %d", a.Shape, i)
		}
		a.Data[i] = math.Inf(1)
	}
	return nil
}

// Value is a parameter of a case: a number, string, bool, list or null, or an
// array.
type Value struct {
	Any   any
	Array *Array
}

// UnmarshalJSON tells arrays from the rest.
func (v *Value) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '{' {
		v.Array = &Array{}
		return json.Unmarshal(b, v.Array)
	}
	return json.Unmarshal(b, &v.Any)
}

// Cases reads the cases in all files of a folder. It fails the test if there
// are none.
func Cases(t testing.TB, dir string) []Case {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "*.json"))
	require.NoError(t, err)
	require.NotEmpty(t, paths, "no reference cases in %s", dir)
	slices.Sort(paths)
	var cases []Case
	for _, f := range paths {
		data, err := files.ReadFile(f)
		require.NoError(t, err)
		var cs []Case
		require.NoError(t, json.Unmarshal(data, &cs), f)
		cases = append(cases, cs...)
	}
	return cases
}

// Close fails the test unless got is want, element by element, within tol of
// the larger of 1 and the largest element of want.
func Close(t testing.TB, name string, want, got []float64, tol float64) {
	t.Helper()
	require.Equal(t, len(want), len(got), "%s: number of elements", name)
	scale := 1.0
	for _, w := range want {
		if !math.IsInf(w, 0) {
			scale = math.Max(scale, math.Abs(w))
		}
	}
	for i, w := range want {
		if w == got[i] {
			continue
		}
		if d := math.Abs(w - got[i]); !(d <= tol*scale) {
			t.Fatalf("%s: element %d is %v, want %v (off by %.3g, allowed %.3g)", name, i, got[i], w, d, tol*scale)
		}
	}
}
