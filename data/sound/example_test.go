package sound_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/spikegrad/spikegrad/data/events"
	"github.com/spikegrad/spikegrad/data/recordings"
	"github.com/spikegrad/spikegrad/data/sound"
)

// Speech Commands by an ear of 40 mel channels, whose spikes are kept in a file: who trains
// again listens to nothing.
func ExampleEar_Open() {
	folder, err := recordings.SpeechCommands.Open("data/speech-commands")
	if err != nil {
		log.Fatal(err)
	}
	ear := sound.DefaultEar()
	ear.Filters = sound.Mel{Channels: 40, Low: 60, High: 7600, Scale: sound.Slaney, Window: 25e-3, Hop: 10e-3}
	d, err := recordings.New(folder.Train, recordings.Params{
		Open:    ear.Open,
		Bins:    events.Bins{Dt: 10 * time.Millisecond, Steps: 100},
		Classes: len(folder.Classes),
	})
	if err != nil {
		log.Fatal(err)
	}
	d, err = d.Cache(context.Background(), recordings.CacheParams{
		Path:     "data/speech-commands/train.spikes",
		Describe: fmt.Sprintf("%+v", ear),
	})
	if err != nil {
		log.Fatal(err)
	}
	defer d.Close()
	fmt.Println(d.Len(), "words as spikes of shape", d.Shape())
}
