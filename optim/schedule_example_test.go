package optim_test

import (
	"fmt"

	"github.com/spikegrad/spikegrad/optim"
)

// A schedule is asked before every step.
func ExampleSchedule() {
	const total = 6
	adam := &optim.Adam{LearningRate: 0.01}
	var schedule optim.Schedule = optim.StepDecay{Every: 2, Factor: 0.1}
	for step := range total {
		adam.SetRateFactor(schedule.Rate(step, total))
		fmt.Printf("%.2g ", adam.Rate())
		// … run the graph, adam.Step(params)
	}
	// Output:
	// 0.01 0.01 0.001 0.001 0.0001 0.0001
}

// A quarter of the way down, half of it, three quarters, and at the floor.
func ExampleCosine() {
	schedule := optim.Cosine{Floor: 0.1}
	for _, step := range []int{0, 30, 45, 60, 90, 100} {
		fmt.Printf("%.3f ", schedule.Rate(step, 90))
	}
	// Output:
	// 1.000 0.775 0.550 0.325 0.100 0.100
}

// Four steps of warm-up come before a cosine of sixteen.
func ExampleWarmup() {
	schedule := optim.Warmup{Steps: 4, Then: optim.Cosine{}}
	for step := 0; step <= 20; step += 2 {
		fmt.Printf("%.2f ", schedule.Rate(step, 20))
	}
	// Output:
	// 0.25 0.75 1.00 0.96 0.85 0.69 0.50 0.31 0.15 0.04 0.00
}

// The rate is halved every hundred steps.
func ExampleStepDecay() {
	schedule := optim.StepDecay{Every: 100, Factor: 0.5}
	fmt.Println(schedule.Rate(99, 0), schedule.Rate(100, 0), schedule.Rate(300, 0))
	// Output:
	// 1 0.5 0.125
}
