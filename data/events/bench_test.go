package events_test

import (
	"bytes"
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spikegrad/spikegrad/data/events"
	"github.com/spikegrad/spikegrad/data/events/eventstest"
)

// BenchmarkRead reads a million events of each format from memory, a batch after the
// other, and BenchmarkStraight decodes the same bytes by a loop that keeps all of them
// and checks nothing.
func BenchmarkRead(b *testing.B) {
	for _, c := range encodings {
		b.Run(c.name, func(b *testing.B) {
			file, n := benchFile(c)
			buf := make([]events.Event, 4096)
			b.ReportAllocs()
			for b.Loop() {
				r, err := events.NewReader(bytes.NewReader(file), c.options())
				require.NoError(b, err)
				for err == nil {
					_, err = r.Read(buf)
				}
				require.Equal(b, io.EOF, err)
				require.EqualValues(b, n, r.Summary().Events)
			}
			b.ReportMetric(float64(b.N*n)/b.Elapsed().Seconds()/1e6, "Mevents/s")
		})
	}
}

func BenchmarkStraight(b *testing.B) {
	for name, straight := range map[string]func([]byte) []events.Event{
		"bin": straightBin, "dvs128": straightDVS128, "evt2": straightEVT2, "evt3": straightEVT3, "dat": straightDAT, "es": straightES,
	} {
		b.Run(name, func(b *testing.B) {
			for _, c := range encodings {
				if c.name != name {
					continue
				}
				file, n := benchFile(c)
				for b.Loop() {
					require.Len(b, straight(file), n)
				}
				b.ReportMetric(float64(b.N*n)/b.Elapsed().Seconds()/1e6, "Mevents/s")
			}
		})
	}
}

// benchFile returns a million events, or fewer where a format has no room for as many.
func benchFile(c encoding) (file []byte, n int) {
	n = 1 << 20
	switch c.name {
	case "bin": // 23 bits of time
		n = 1 << 17
	case "spiketrain":
		n = 1 << 12
	}
	return c.encode(eventstest.Some(n, c.width, c.height, 0)), n
}
