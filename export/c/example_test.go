package c_test

import (
	"fmt"

	"github.com/spikegrad/spikegrad/export/c"
	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/neurons"
)

func ExampleExport() {
	net := layers.Sequential{
		layers.Linear{Out: 8},
		layers.Named("hidden", layers.Lift(neurons.LIFStep, neurons.DefaultLIFParams())),
		layers.Linear{Out: 2},
		layers.MaxOverTime,
	}
	code, err := c.Export(net, []int{4}, nil, c.Options{Prefix: "digits"}) // nil for the weights that are drawn first
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%d in, %d out, %d bytes of constants\n", code.Inputs, code.Outputs, code.Constants)
	fmt.Print(string(code.Header))
	// Output:
	// 4 in, 2 out, 192 bytes of constants
	// #ifndef DIGITS_H
	// #define DIGITS_H
	//
	// /* Numbers at each time step. */
	// #define DIGITS_INPUTS 4
	// #define DIGITS_OUTPUTS 2
	//
	// /* What goes from one time step to the next, and memory between layers. */
	// typedef struct {
	//     float s0[8]; /* hidden.V */
	//     float s1[8]; /* hidden.I */
	//     float s2[2]; /* 3.max */
	//     float work[16];
	// } digits_state;
	//
	// /* Starts a sequence. */
	// void digits_reset(digits_state *s);
	//
	// /* Takes one time step: in has DIGITS_INPUTS numbers, out DIGITS_OUTPUTS. They must not overlap. */
	// void digits_step(digits_state *s, const float *in, float *out);
	//
	// #endif
}
