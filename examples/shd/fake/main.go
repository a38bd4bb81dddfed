// Fake writes small files in the layout of the Spiking Heidelberg Digits: words that are
// chirps through the channels, so that the example runs without the data set.
package main

import (
	"encoding/binary"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"

	"github.com/spikegrad/spikegrad/examples/internal/show"
	"github.com/spikegrad/spikegrad/internal/h5/h5test"
)

func main() {
	out := flag.String("out", "out/fake/shd", "folder for the files")
	show.Parse("fake writes small made-up files in the layout of the Spiking Heidelberg Digits.")
	if err := write(*out); err != nil {
		fmt.Fprintln(os.Stderr, "fake:", err)
		os.Exit(1)
	}
}

func write(out string) error {
	if err := os.MkdirAll(out, 0o777); err != nil {
		return err
	}
	for i, name := range []string{"shd_train.h5", "shd_test.h5"} {
		if err := os.WriteFile(filepath.Join(out, name), file(uint64(i)), 0o666); err != nil {
			return err
		}
	}
	return nil
}

// file returns 32 recordings of four words by four speakers.
func file(seed uint64) []byte {
	r := rand.New(rand.NewPCG(seed, 3))
	const n, words, speakers, ticks = 32, 4, 4, 80
	var times, units [][]byte
	var labels, who []uint16
	for i := range n {
		word, speaker := i%words, i/words%speakers
		var ts, us []byte
		for k := range ticks {
			// k / 64 s is a float16 without rounding.
			for range 40 {
				ts = binary.LittleEndian.AppendUint16(ts, half(k))
				channel := 100 + 150*word + 5*speaker + k/2*(1-word%2*2) + r.IntN(80)
				us = binary.LittleEndian.AppendUint16(us, uint16(min(max(channel, 0), 699)))
			}
		}
		times, units = append(times, ts), append(units, us)
		labels, who = append(labels, uint16(word)), append(who, uint16(speaker))
	}
	set := func(t []byte, vs []uint16) h5test.Set {
		return h5test.Set{Shape: []int{n}, Type: t, Data: h5test.Uint16s(vs...)}
	}
	return h5test.Write(map[string]h5test.Set{
		"spikes/times":  {Shape: []int{n}, Type: h5test.RowsOf(h5test.Float16), Rows: times, Size: 2},
		"spikes/units":  {Shape: []int{n}, Type: h5test.RowsOf(h5test.Uint16), Rows: units, Size: 2},
		"labels":        set(h5test.Uint16, labels),
		"extra/speaker": set(h5test.Uint16, who),
		"extra/keys":    {Shape: []int{words}, Type: h5test.Words, Rows: [][]byte{[]byte("null"), []byte("eins"), []byte("two"), []byte("three")}, Size: 1},
	})
}

// half returns k/64 as float16, of 0 ≤ k < 1,024.
func half(k int) uint16 {
	if k == 0 {
		return 0
	}
	e := 0
	for k>>(e+1) > 0 {
		e++
	}
	return uint16((e-6+15)<<10 | (k<<10>>e)&0x3ff)
}
