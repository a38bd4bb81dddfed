package randstep

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// What steps can have, some of those drawn do have: each verb, and each size.
func TestDrawsEverything(t *testing.T) {
	verbs := map[string]bool{}
	states, params, steps, lanes, ranks := map[int]bool{}, map[int]bool{}, map[int]bool{}, map[int]bool{}, map[int]bool{}
	for seed := range uint64(3000) {
		c := Draw(Seed(seed), Tame)
		states[len(c.states)], params[len(c.params)], steps[c.steps] = true, true, true
		verbs["each"] = verbs["each"] || slices.ContainsFunc(c.params, param.each)
		lanes[c.shape.TotalSize()], ranks[len(c.shape)] = true, true
		for i, live := range c.live() {
			if i := i - 1 - len(c.states); live && i >= 0 {
				verbs[strings.FieldsFunc(c.ops[i].text, func(r rune) bool { return r == '(' || r == '{' || r == ' ' })[0]] = true
				if strings.HasPrefix(c.ops[i].text, "flow") || strings.HasPrefix(c.ops[i].text, "spike") {
					verbs[strings.Split(c.ops[i].text, "(")[0]] = true
				}
			}
		}
	}
	for _, u := range unaries {
		require.Contains(t, verbs, u.name)
	}
	for _, b := range binaries {
		require.Contains(t, verbs, b.name)
	}
	for _, c := range comparisons {
		require.Contains(t, verbs, c.name)
	}
	for _, v := range []string{
		"G.Sign", "G.Floor", "G.Ceil", "scale", "scaleBy", "shift", "less", "from", "over", "above", "atLeast", "atMost", "clamp",
		"reset", "euler", "constant", "fill", "each", "mean", "linear", "matmul", "G.Mul", "expand", "reshape", "G.Reshape", "G.Mean", "G.Add",
		"G.Sub", "G.HadamardProd", "perStep", "choose", "roll", "transpose", "G.SoftMax", "rows", "stepWeights",
		"readout.MeanOverTime", "readout.SumOverTime", "readout.MaxOverTime", "readout.LastStep",
		"flow exponential kind 2 coupled false next 0 ", "flow exponential kind 5 coupled true next 1 ", "flow euler kind 2 coupled false next 0 ",
	} {
		require.True(t, verbs[v], v)
	}
	for n := range 7 {
		require.True(t, states[n], "%d states", n)
	}
	for n := range 5 {
		require.True(t, params[n], "%d parameters", n)
	}
	for _, n := range []int{1, 2, 3, 17, 33, 70} {
		require.True(t, steps[n], "%d time steps", n)
	}
	for _, n := range []int{1, 7, 8, 15, 16, 17, 33, 1023, 1024, 1025, 5125} {
		require.True(t, lanes[n], "%d lanes", n)
	}
	require.Len(t, ranks, 3)
}

// The same draws make the same case, also when they are given as bytes.
func TestDrawsDecide(t *testing.T) {
	for seed := range uint64(50) {
		c := Draw(Seed(seed), Extreme)
		require.Equal(t, c.String(), Draw(Seed(seed), Extreme).String())
		require.Equal(t, c.String(), Draw(Bytes(c.Draws()), Extreme).String())
	}
}

// Shrink finds the least that fails: here three large draws, one behind the other.
func TestShrink(t *testing.T) {
	b := bytes.Repeat([]byte{1, 200, 3, 250, 7}, 20)
	got := Shrink(b, 1000, func(b []byte) bool {
		large := 0
		for _, x := range b {
			if x >= 200 {
				large++
			}
		}
		return large >= 3
	})
	require.Len(t, got, 3)
}
