package events_test

import (
	"fmt"
	"log"
	"strings"
	"time"

	"github.com/spikegrad/spikegrad/data/events"
)

// A Reader finds out which format it reads.
func ExampleNewReader() {
	r, err := events.NewReader(strings.NewReader("t,x,y,p\n100,3,7,1\n250,4,7,0\n"), events.Options{Width: 8, Height: 8})
	if err != nil {
		log.Fatal(err)
	}
	for e, err := range r.All() {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%d µs: pixel (%d, %d), on %v\n", e.T, e.X, e.Y, e.On)
	}
	fmt.Println(r.Format(), r.Summary().Events)
	// Output:
	// 100 µs: pixel (3, 7), on true
	// 250 µs: pixel (4, 7), on false
	// csv 2
}

// A moving dot becomes the spikes of a sample, on half as many pixels.
func ExampleBins() {
	var dot []events.Event
	for i := range 8 {
		dot = append(dot, events.Event{T: int64(500 * i), X: uint16(i), Y: 3, On: true})
	}
	rec, err := events.Apply(events.Of(dot, 8, 8), events.Downsample(2))
	if err != nil {
		log.Fatal(err)
	}
	bins := events.Bins{Dt: time.Millisecond, Steps: 4}
	spikes, err := bins.Events(nil, rec)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("shape of the sample:", bins.Shape(rec))
	for _, s := range spikes {
		fmt.Print(s.Step, ":", s.Index, " ")
	}
	// Output:
	// shape of the sample: [4 2 4 4]
	// 0:20 0:20 1:21 1:21 2:22 2:22 3:23 3:23
}

// Pictures of 10 ms each.
func ExampleFrames() {
	rec := events.Of([]events.Event{{T: 0, X: 1}, {T: 9_999, X: 1}, {T: 10_000, X: 2, On: true}}, 4, 1)
	for f, err := range events.Frames(rec, events.ByTime(rec, 10*time.Millisecond, 10*time.Millisecond), false) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(f.From, "OFF", f.Counts[:4], "ON", f.Counts[4:])
	}
	// Output:
	// 0 OFF [0 2 0 0] ON [0 0 0 0]
	// 10000 OFF [0 0 0 0] ON [0 0 1 0]
}
