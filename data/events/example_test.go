package events_test

import (
	"fmt"
	"log"
	"strings"

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
