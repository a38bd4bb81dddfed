package neurons

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"strings"

	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/graph"
)

// Check reports what is wrong with the constants of a parameter struct. It goes
// by the names of the fields, those of embedded structs included:
//
//   - every number is finite
//   - Dt is positive
//   - Tau…Inv, the inverse of a time constant, is not negative, and with Euler
//     below 2/Dt, where that turns unstable
//   - DeltaT and RhoReset are not negative
//   - VTh lies above VReset, to which a spike takes the potential; with a VPeak that
//     is given, VPeak does, and lies at VTh or above it, and where it lies above there
//     is a DeltaT that takes the potential there
//
// Nodes that are learnt pass: their values are not known. Every step of this
// package checks its parameters when its graph is built.
func Check(p any) error {
	c := constants{dt: math.NaN(), values: map[string]float64{}}
	v := reflect.Indirect(reflect.ValueOf(p))
	if v.Kind() != reflect.Struct {
		return fmt.Errorf("parameters are a %T, want a struct", p)
	}
	if err := c.read(v); err != nil {
		return err
	}
	for _, name := range c.names {
		value := c.values[name]
		if (name == "DeltaT" || name == "RhoReset") && value < 0 {
			return fmt.Errorf("%s is %v, want 0 or more", name, value)
		}
		if !strings.HasPrefix(name, "Tau") || !strings.HasSuffix(name, "Inv") || math.IsNaN(c.dt) {
			continue
		}
		switch {
		case c.integration != graph.Euler && value < 0:
			return fmt.Errorf("%s is %v, want 0 or more", name, value)
		case c.integration == graph.Euler && (value < 0 || value*c.dt >= 2):
			return fmt.Errorf("%s is %v, want 0 ≤ %s < 2/Dt = %v, or Euler's method is unstable (graph.Exponential is stable)", name, value, name, 2/c.dt)
		}
	}
	return c.checkCut()
}

// checkCut reports what is wrong with where spikes are cut and reset.
func (c constants) checkCut() error {
	th, hasTh := c.values["VTh"]
	reset, hasReset := c.values["VReset"]
	cut, at, hasCut := th, "VTh", hasTh
	if c.peak != nil && c.peak.Given() {
		at = "VPeak"
		cut, hasCut = c.peak.Value()
		delta, hasDelta := c.values["DeltaT"]
		switch {
		case !hasCut || !hasTh:
		case cut < th:
			return fmt.Errorf("VPeak is %v, want VTh = %v or above", cut, th)
		case cut > th && hasDelta && delta == 0:
			return fmt.Errorf("VPeak is %v, above VTh = %v, and DeltaT is 0, want a DeltaT above 0: without it nothing takes the potential from VTh to VPeak", cut, th)
		}
	}
	if hasCut && hasReset && c.reset == ResetValue && cut <= reset {
		hint := ""
		if c.peak != nil && at == "VTh" {
			hint = ", or a VPeak above it, where a spike is cut in the place of VTh"
		}
		return fmt.Errorf("%s is %v, want above VReset = %v%s", at, cut, reset, hint)
	}
	return nil
}

// constants are those of a parameter struct, by the names of the fields.
type constants struct {
	dt          float64 // NaN for none
	reset       Reset
	peak        *graph.Param // VPeak; nil for none
	integration graph.Integration
	names       []string
	values      map[string]float64
}

func (c *constants) read(v reflect.Value) error {
	for i := range v.NumField() {
		f := v.Type().Field(i)
		if !f.IsExported() {
			continue
		}
		switch value := v.Field(i).Interface().(type) {
		case graph.Param:
			if f.Name == "VPeak" {
				c.peak = &value
			}
			x, ok := value.Value()
			if !ok || !value.Given() && f.Tag.Get("default") != "" {
				continue
			}
			if math.IsNaN(x) || math.IsInf(x, 0) {
				return fmt.Errorf("%s is %v, want a finite number", f.Name, x)
			}
			c.names = append(c.names, f.Name)
			c.values[f.Name] = x
		case float64:
			if f.Name != "Dt" {
				if math.IsNaN(value) || math.IsInf(value, 0) {
					return fmt.Errorf("%s is %v, want a finite number", f.Name, value)
				}
				continue
			}
			if !(value > 0) || math.IsInf(value, 0) {
				return fmt.Errorf("%s is %v, want a positive number", f.Name, value)
			}
			c.dt = value
		case Reset:
			c.reset = value
		case graph.Integration:
			c.integration = value
		default:
			if !f.Anonymous || f.Type.Kind() != reflect.Struct {
				continue
			}
			if err := c.read(v.Field(i)); err != nil {
				return err
			}
		}
	}
	return nil
}

// begin returns the Builder of a step with input x, the state that s points to,
// and checked parameters.
func begin(x *G.Node, s, p any) *graph.Builder {
	b := graph.NewBuilder(x, s)
	if err := Check(p); err != nil {
		b.Fail(err)
	}
	return b
}

// done returns the results of the named step, or the error of its Builder.
func done[S any](b *graph.Builder, name string, out *G.Node, next S) (*G.Node, S, error) {
	if err := b.Err(); err != nil {
		var none S
		return nil, none, fmt.Errorf("neurons: %s step: %w", name, err)
	}
	return out, next, nil
}

// fieldOf returns a pointer to the named field of the struct that p points to,
// which a wrapper needs of the model inside it.
func fieldOf[T any](p any, name string) (*T, error) {
	f, err := graph.Field(p, name)
	if err != nil {
		return nil, errors.New("the model inside has no " + name)
	}
	t, ok := f.(*T)
	if !ok {
		return nil, fmt.Errorf("%s of the model inside is a %T, want a %T", name, f, t)
	}
	return t, nil
}
