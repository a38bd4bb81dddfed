package steps

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"strings"

	"github.com/spikegrad/spikegrad/graph"
)

// A reset says where a spike takes the potential: neurons.Reset is one.
type reset interface{ ToValue() bool }

// Check is neurons.Check.
func Check(p any) error {
	c := constants{dt: math.NaN(), toValue: true, values: map[string][]float64{}}
	v := reflect.Indirect(reflect.ValueOf(p))
	if v.Kind() != reflect.Struct {
		return fmt.Errorf("parameters are a %T, want a struct", p)
	}
	if err := c.read(v); err != nil {
		return err
	}
	for _, name := range c.names {
		for i, value := range c.values[name] {
			if err := c.check(name, value); err != nil {
				return fmt.Errorf("%s is %v, %w", element(name, i, c.values[name]), value, err)
			}
		}
	}
	return c.checkCut()
}

// constants are the values of a parameter struct, by the names of the fields.
type constants struct {
	dt          float64      // NaN for none
	toValue     bool         // a spike takes the potential to VReset
	peak        *graph.Param // VPeak; nil for none
	integration graph.Integration
	names       []string
	values      map[string][]float64
}

// check returns an error, which says what was wanted, unless the named parameter can
// have the value.
func (c *constants) check(name string, value float64) error {
	inverse := strings.HasPrefix(name, "Tau") && strings.HasSuffix(name, "Inv") && !math.IsNaN(c.dt)
	switch {
	case (name == "DeltaT" || name == "RhoReset") && value < 0, inverse && c.integration != graph.Euler && value < 0:
		return errors.New("want 0 or more")
	case inverse && c.integration == graph.Euler && (value < 0 || value*c.dt >= 2):
		return fmt.Errorf("want 0 ≤ %s < 2/Dt = %v, or Euler's method is unstable (graph.Exponential is stable)", name, 2/c.dt)
	}
	return nil
}

// checkCut reports what is wrong with where spikes are cut and reset.
func (c *constants) checkCut() error {
	th, at := c.values["VTh"], "VTh"
	cut := th
	if c.peak != nil && c.peak.Given() {
		cut, at = c.values["VPeak"], "VPeak"
		delta := c.values["DeltaT"]
		for i := range together(cut, th) {
			if v, t := of(cut, i), of(th, i); v < t {
				return fmt.Errorf("%s is %v, want %s = %v or above", element(at, i, cut), v, element("VTh", i, th), t)
			}
		}
		for i := range together(cut, th, delta) {
			if v, t := of(cut, i), of(th, i); v > t && of(delta, i) == 0 {
				return fmt.Errorf("%s is %v, above %s = %v, and %s is 0, want a DeltaT above 0: without it nothing takes the potential from VTh to VPeak",
					element(at, i, cut), v, element("VTh", i, th), t, element("DeltaT", i, delta))
			}
		}
	}
	if !c.toValue {
		return nil
	}
	reset := c.values["VReset"]
	for i := range together(cut, reset) {
		if v, r := of(cut, i), of(reset, i); v <= r {
			hint := ""
			if c.peak != nil && at == "VTh" {
				hint = ", or a VPeak above it, where a spike is cut in the place of VTh"
			}
			return fmt.Errorf("%s is %v, want above %s = %v%s", element(at, i, cut), v, element("VReset", i, reset), r, hint)
		}
	}
	return nil
}

// together returns how many elements parameters have together: those of one for each
// neuron, one where all are numbers, 0 where a parameter is not there or two are
// broadcast against each other.
func together(xs ...[]float64) int {
	n := 1
	for _, x := range xs {
		switch {
		case len(x) == 0 || len(x) > 1 && n > 1 && len(x) != n:
			return 0
		case len(x) > 1:
			n = len(x)
		}
	}
	return n
}

// of returns element i of a parameter, which may be one for all.
func of(x []float64, i int) float64 { return x[i%len(x)] }

// element returns what element i of a parameter is called.
func element(name string, i int, x []float64) string {
	if len(x) == 1 {
		return name
	}
	return fmt.Sprintf("%s[%d]", name, i)
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
			xs, err := value.Values()
			if err != nil || value.IsTrained() || !value.Given() && f.Tag.Get("default") != "" {
				continue // a node that has no value yet, or another parameter stands for it
			}
			for k, x := range xs {
				if math.IsNaN(x) || math.IsInf(x, 0) {
					return fmt.Errorf("%s is %v, want a finite number", element(f.Name, k, xs), x)
				}
				if f.Name == "DeltaT" && x == 0 && value.Node() != nil {
					return fmt.Errorf("%s is 0, want above 0: the constant 0 leaves the exponential out, and a node divides by it", element(f.Name, k, xs))
				}
			}
			c.names = append(c.names, f.Name)
			c.values[f.Name] = xs
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
		case reset:
			c.toValue = value.ToValue()
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
