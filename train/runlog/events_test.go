package runlog_test

import (
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spikegrad/spikegrad/train"
	"github.com/spikegrad/spikegrad/train/runlog"
)

// What follows reads event files with nothing that the package uses: the checksum
// bit by bit from its polynomial, and protocol buffers byte by byte.

// crc32c is the CRC of RFC 3720, with the reflected polynomial 0x82f63b78.
func crc32c(b []byte) uint32 {
	crc := ^uint32(0)
	for _, c := range b {
		crc ^= uint32(c)
		for range 8 {
			crc = crc>>1 ^ 0x82f63b78*(crc&1)
		}
	}
	return ^crc
}

func masked(b []byte) uint32 {
	c := crc32c(b)
	return (c>>15 | c<<17) + 0xa282ead8
}

// A field is one of a protocol buffer.
type field struct {
	number int
	u      uint64 // varint or fixed
	b      []byte
}

func parse(t testing.TB, b []byte) []field {
	varint := func() (x uint64) {
		for shift := 0; ; shift += 7 {
			require.NotEmpty(t, b)
			c := b[0]
			b = b[1:]
			x |= uint64(c&0x7f) << shift
			if c < 0x80 {
				return x
			}
		}
	}
	var fs []field
	for len(b) > 0 {
		key := varint()
		f := field{number: int(key >> 3)}
		switch key & 7 {
		case 0:
			f.u = varint()
		case 1:
			f.u, b = binary.LittleEndian.Uint64(b), b[8:]
		case 2:
			n := varint()
			f.b, b = b[:n], b[n:]
		case 5:
			f.u, b = uint64(binary.LittleEndian.Uint32(b)), b[4:]
		default:
			t.Fatalf("wire type %d", key&7)
		}
		fs = append(fs, f)
	}
	return fs
}

// A histo is a HistogramProto.
type histo struct {
	min, max, num, sum, squares float64
	limits, buckets             []float64
}

// An occasion is an event as a reader sees it.
type occasion struct {
	wall    float64
	step    int64
	version string
	tags    []string
	scalars map[string]float32
	histos  map[string]histo
}

func doubles(b []byte) (xs []float64) {
	for ; len(b) >= 8; b = b[8:] {
		xs = append(xs, math.Float64frombits(binary.LittleEndian.Uint64(b)))
	}
	return xs
}

// readEvents reads the event file of a folder and checks every checksum.
func readEvents(t testing.TB, dir string) []occasion {
	b, err := os.ReadFile(filepath.Join(dir, "events.out.tfevents.0"))
	require.NoError(t, err)
	var out []occasion
	for len(b) > 0 {
		n := binary.LittleEndian.Uint64(b)
		require.Equal(t, masked(b[:8]), binary.LittleEndian.Uint32(b[8:]))
		data := b[12 : 12+n]
		require.Equal(t, masked(data), binary.LittleEndian.Uint32(b[12+n:]))
		b = b[16+n:]
		o := occasion{scalars: map[string]float32{}, histos: map[string]histo{}}
		for _, f := range parse(t, data) {
			switch f.number {
			case 1:
				o.wall = math.Float64frombits(f.u)
			case 2:
				o.step = int64(f.u)
			case 3:
				o.version = string(f.b)
			case 5:
				for _, v := range parse(t, f.b) {
					require.Equal(t, 1, v.number)
					o.value(t, v.b)
				}
			default:
				t.Fatalf("field %d of an event", f.number)
			}
		}
		out = append(out, o)
	}
	return out
}

// value adds a value of a summary.
func (o *occasion) value(t testing.TB, b []byte) {
	tag := ""
	for _, f := range parse(t, b) {
		switch f.number {
		case 1:
			tag = string(f.b)
			o.tags = append(o.tags, tag)
		case 2:
			o.scalars[tag] = math.Float32frombits(uint32(f.u))
		case 5:
			var h histo
			to := []*float64{&h.min, &h.max, &h.num, &h.sum, &h.squares}
			for _, g := range parse(t, f.b) {
				switch {
				case g.number <= 5:
					*to[g.number-1] = math.Float64frombits(g.u)
				case g.number == 6:
					h.limits = doubles(g.b)
				default:
					h.buckets = doubles(g.b)
				}
			}
			o.histos[tag] = h
		default:
			t.Fatalf("field %d of a value", f.number)
		}
	}
}

// steps returns what the events of a folder say, but for the time.
func steps(t testing.TB, dir string) []string {
	var out []string
	for _, o := range readEvents(t, dir) {
		out = append(out, fmt.Sprint(o.step, o.version, o.tags, o.scalars, len(o.histos)))
	}
	return out
}

func TestEvents(t *testing.T) {
	require.Equal(t, uint32(0xe3069283), crc32c([]byte("123456789"))) // RFC 3720's check value

	var c tape
	dir := t.TempDir()
	_, err := trainer(t, 2, &c, &runlog.Folder{Dir: dir, NoReport: true}).Run(background)
	require.NoError(t, err)
	raw, err := os.ReadFile(filepath.Join(dir, "events.out.tfevents.0"))
	require.NoError(t, err)
	// So begins every event file that TensorFlow writes: a record of 24 bytes.
	require.Equal(t, []byte("\x18\x00\x00\x00\x00\x00\x00\x00\xa3\x7fK\x22\x09"), raw[:13])

	events := readEvents(t, dir)
	require.Len(t, events, 13)
	require.Equal(t, "brain.Event:2", events[0].version)
	for i, call := range c.calls {
		o := events[1+i]
		require.InDelta(t, events[0].wall, o.wall, 600)
		switch call := call.(type) {
		case train.Batch:
			require.Equal(t, int64(call.Step), o.step)
			require.Equal(t, map[string]float32{
				"batch/loss": float32(call.Loss), "batch/accuracy": float32(call.Accuracy), "batch/learning rate": 0.01,
				"batch/gradient norm": float32(call.GradNorm), "batch/penalty hidden.rate": float32(call.Terms["hidden.rate"]),
				"batch/firing rate hidden": float32(call.Rates[0].Value),
			}, o.scalars)
		case train.Epoch:
			require.Equal(t, int64(5*call.Epoch+5), o.step)
			require.Equal(t, map[string]float32{
				"epoch/loss training": float32(call.Train.Loss), "epoch/loss validation": float32(call.Validation.Loss),
				"epoch/accuracy training": float32(call.Train.Accuracy), "epoch/accuracy validation": float32(call.Validation.Accuracy),
				"epoch/firing rate hidden training":   float32(call.Train.Rates[0].Value),
				"epoch/firing rate hidden validation": float32(call.Validation.Rates[0].Value),
			}, o.scalars)
			require.Len(t, o.histos, 4)
		}
	}
	// The distribution of the last weights.
	for _, p := range c.session.Trainer.Model.Params() {
		h := events[12].histos["weights/"+p.Name()]
		var sum, squares float64
		ws := p.Value().Data().([]float32)
		for _, w := range ws {
			sum += float64(w)
			squares += float64(w) * float64(w)
		}
		require.Equal(t, float64(slices.Min(ws)), h.min)
		require.Equal(t, float64(slices.Max(ws)), h.max)
		require.Equal(t, float64(len(ws)), h.num)
		require.InDelta(t, sum, h.sum, 1e-9)
		require.InDelta(t, squares, h.squares, 1e-9)
		require.Len(t, h.limits, 30)
		require.Len(t, h.buckets, 30)
		require.Equal(t, h.max, h.limits[29])
		lower, total := math.Inf(-1), 0.0
		for i, limit := range h.limits {
			in := 0
			for _, w := range ws {
				if float64(w) >= lower && (float64(w) < limit || i == 29) {
					in++
				}
			}
			require.InDelta(t, in, h.buckets[i], 1) // one on the limit
			lower, total = limit, total+h.buckets[i]
		}
		require.Equal(t, h.num, total)
	}
}
