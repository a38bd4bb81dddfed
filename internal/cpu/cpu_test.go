package cpu

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestLevels(t *testing.T) {
	ls := Levels()
	require.Equal(t, Go, ls[0])
	require.Equal(t, ls[len(ls)-1], Best())
	for i, l := range ls {
		require.True(t, i == 0 || l > ls[i-1], "%v", ls)
		got, ok := parse(l.String())
		require.True(t, ok)
		require.Equal(t, l, got)
	}
	require.Equal(t, fmt.Sprintf("level %d", int(Count)), Count.String())
	_, ok := parse("sse")
	require.False(t, ok)
}

// The environment chooses kernels and code.
func TestChoose(t *testing.T) {
	best, second := Best(), Levels()[max(0, len(Levels())-2)]
	unasked := best
	if untried {
		unasked = Go
	}
	for _, c := range []struct {
		kernels, code string
		want          choice
	}{
		{"", "", choice{kernels: best, code: unasked}},
		{"", best.String(), choice{kernels: best, code: best}},
		{"go", "", choice{kernels: Go, code: Go, forced: true}},
		{best.String(), "", choice{kernels: best, code: Go, forced: true}},
		{best.String(), best.String(), choice{kernels: best, code: Go, forced: true}},
		{"sse", "", choice{kernels: best, code: Go, forced: true}},
		{"", second.String(), choice{kernels: best, code: second}},
		{"", "go", choice{kernels: best, code: Go}},
		{"", "sse", choice{kernels: best, code: Go}},
	} {
		require.Equal(t, c.want, choose(c.kernels, c.code), "%+v", c)
	}
}

func TestForce(t *testing.T) {
	kernels, code, forced := Kernels(), Code(), Forced()
	restoreKernels, err := ForceKernels(Go)
	require.NoError(t, err)
	require.Equal(t, []any{Go, code, true}, []any{Kernels(), Code(), Forced()})
	restoreCode, err := ForceCode(Go)
	require.NoError(t, err)
	require.Equal(t, Go, Code())
	restoreCode()
	restoreKernels()
	require.Equal(t, []any{kernels, code, forced}, []any{Kernels(), Code(), Forced()})

	for _, f := range []func(Level) (func(), error){ForceKernels, ForceCode} {
		_, err := f(Count)
		require.ErrorContains(t, err, fmt.Sprintf("cpu: this processor has no %v, only [Go", Count))
	}
	require.Zero(t, testing.AllocsPerRun(10, func() { Kernels(); Code() }))
}
