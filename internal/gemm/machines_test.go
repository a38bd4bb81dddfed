package gemm

import (
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spikegrad/spikegrad/internal/cpu"
)

// A set of kernels has all of them: one that is missing would be called.
func TestMachinesAreWhole(t *testing.T) {
	whole := func(level cpu.Level, kernels any) {
		v := reflect.ValueOf(kernels)
		for i := range v.NumField() {
			if f := v.Field(i); f.Kind() == reflect.Func && v.Type().Field(i).Name != "product" { // that of a library
				require.False(t, f.IsZero(), "%v has no %s of %T", level, v.Type().Field(i).Name, kernels)
			}
		}
	}
	seen := 0
	for l, m := range machines {
		if m != nil {
			seen++
			whole(cpu.Level(l), m.f32)
			whole(cpu.Level(l), m.f64)
		}
	}
	require.Positive(t, seen)
}
