// Fake writes sounds under the names of the Free Spoken Digit Dataset: tones in place of
// digits. With them the example runs without the data set.
package main

import (
	"encoding/binary"
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"

	"github.com/spikegrad/spikegrad/examples/internal/show"
)

func main() {
	out := flag.String("out", "out/fake/spokendigits", "folder for the files")
	show.Parse("fake writes made-up sounds under the names of the Free Spoken Digit Dataset.")
	if err := write(*out); err != nil {
		fmt.Fprintln(os.Stderr, "fake:", err)
		os.Exit(1)
	}
}

func write(out string) error {
	if err := os.MkdirAll(out, 0o777); err != nil {
		return err
	}
	for digit := range 10 {
		for k, speaker := range []string{"high", "low"} {
			for n := range 8 {
				path := filepath.Join(out, fmt.Sprintf("%d_%s_%d.wav", digit, speaker, n))
				f := 200*math.Pow(1.3, float64(digit)) + 10*float64(k) + float64(n)
				if err := os.WriteFile(path, tone(f), 0o666); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// tone returns a WAV file of 0.2 s of a sine.
func tone(f float64) []byte {
	const rate, n = 8000, 1600
	le := binary.LittleEndian
	b := []byte("RIFF\x00\x00\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00")
	b = le.AppendUint32(le.AppendUint32(b, rate), 2*rate)
	b = append(b, "\x02\x00\x10\x00data"...)
	b = le.AppendUint32(b, 2*n)
	for i := range n {
		b = le.AppendUint16(b, uint16(int16(10000*math.Sin(2*math.Pi*f*float64(i)/rate))))
	}
	le.PutUint32(b[4:], uint32(len(b)-8))
	return b
}
