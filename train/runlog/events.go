package runlog

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"google.golang.org/protobuf/encoding/protowire"
)

// TensorBoard reads files of records: a length, a checksum of it, a protocol
// buffer of type Event, and a checksum of that. The numbers below are those of
// the fields in tensorflow/core/util/event.proto and
// tensorflow/core/framework/summary.proto.

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// maskedCRC returns the checksum of TensorFlow's record files: CRC-32C, rotated
// and shifted, so that a file of checksums has a checksum worth its name.
func maskedCRC(b []byte) uint32 {
	c := crc32.Checksum(b, castagnoli)
	return (c>>15 | c<<17) + 0xa282ead8
}

// frame returns a record that holds an event.
func frame(event []byte) []byte {
	b := binary.LittleEndian.AppendUint64(nil, uint64(len(event)))
	b = binary.LittleEndian.AppendUint32(b, maskedCRC(b))
	b = append(b, event...)
	return binary.LittleEndian.AppendUint32(b, maskedCRC(event))
}

// An event is a moment of a training with values to be shown for it.
type event struct {
	at      time.Time
	step    int64
	version string // of the first event of a file, in place of values
	values  []value
}

// A value is a number, or the distribution of many.
type value struct {
	tag    string
	scalar float64
	histo  *histogram // if not nil, in place of the scalar
}

// encode returns the record of an event.
func (e event) encode() []byte {
	var b []byte
	b = appendDouble(b, 1, float64(e.at.UnixNano())/1e9)
	if e.step != 0 {
		b = protowire.AppendTag(b, 2, protowire.VarintType)
		b = protowire.AppendVarint(b, uint64(e.step))
	}
	if e.version != "" {
		b = protowire.AppendTag(b, 3, protowire.BytesType)
		b = protowire.AppendString(b, e.version)
	}
	if len(e.values) > 0 {
		var s []byte
		for _, v := range e.values {
			s = protowire.AppendTag(s, 1, protowire.BytesType)
			s = protowire.AppendBytes(s, v.encode())
		}
		b = protowire.AppendTag(b, 5, protowire.BytesType)
		b = protowire.AppendBytes(b, s)
	}
	return frame(b)
}

func (v value) encode() []byte {
	b := protowire.AppendTag(nil, 1, protowire.BytesType)
	b = protowire.AppendString(b, v.tag)
	if v.histo != nil {
		b = protowire.AppendTag(b, 5, protowire.BytesType)
		return protowire.AppendBytes(b, v.histo.encode())
	}
	b = protowire.AppendTag(b, 2, protowire.Fixed32Type)
	return protowire.AppendFixed32(b, math.Float32bits(float32(v.scalar)))
}

func appendDouble(b []byte, field protowire.Number, x float64) []byte {
	b = protowire.AppendTag(b, field, protowire.Fixed64Type)
	return protowire.AppendFixed64(b, math.Float64bits(x))
}

func (h histogram) encode() []byte {
	var b []byte
	for i, x := range []float64{h.min, h.max, float64(h.n), h.sum, h.squares} {
		b = appendDouble(b, protowire.Number(1+i), x)
	}
	var limits, counts []byte
	for i, c := range h.counts {
		limits = protowire.AppendFixed64(limits, math.Float64bits(h.edge(i+1)))
		counts = protowire.AppendFixed64(counts, math.Float64bits(float64(c)))
	}
	b = protowire.AppendTag(b, 6, protowire.BytesType)
	b = protowire.AppendBytes(b, limits)
	b = protowire.AppendTag(b, 7, protowire.BytesType)
	return protowire.AppendBytes(b, counts)
}

// eventVersion is what the first event of a file says.
const eventVersion = "brain.Event:2"

// perEpoch is how the names of values begin that are told once an epoch.
const perEpoch = "epoch/"

// batchEvent returns what TensorBoard shows of a batch.
func batchEvent(b Batch) event {
	e := event{at: b.Clock.Time, step: int64(b.Step)}
	add := func(tag string, x float64) { e.values = append(e.values, value{tag: "batch/" + tag, scalar: x}) }
	add("loss", b.Loss)
	if b.Accuracy != nil {
		add("accuracy", *b.Accuracy)
	}
	for _, name := range sortedKeys(b.Metrics) {
		add(name, b.Metrics[name])
	}
	add("learning rate", b.LearningRate)
	add("gradient norm", b.GradNorm)
	for _, name := range sortedKeys(b.Penalties) {
		add("penalty "+name, b.Penalties[name])
	}
	for _, name := range sortedKeys(b.Rates) {
		add("firing rate "+name, b.Rates[name])
	}
	return e
}

// epochEvent returns what TensorBoard shows of an epoch: numbers, and the
// distributions of the weights.
func epochEvent(ep Epoch, weights []namedHistogram) event {
	e := event{at: ep.Clock.Time, step: int64(ep.Steps)}
	add := func(tag string, m Metrics) {
		e.values = append(e.values, value{tag: perEpoch + "loss " + tag, scalar: m.Loss})
		if m.Accuracy != nil {
			e.values = append(e.values, value{tag: perEpoch + "accuracy " + tag, scalar: *m.Accuracy})
		}
		for _, name := range sortedKeys(m.Metrics) {
			e.values = append(e.values, value{tag: perEpoch + name + " " + tag, scalar: m.Metrics[name]})
		}
		for _, name := range sortedKeys(m.Rates) {
			e.values = append(e.values, value{tag: perEpoch + "firing rate " + name + " " + tag, scalar: m.Rates[name]})
		}
	}
	add("training", ep.Train)
	if ep.Validation != nil {
		add("validation", *ep.Validation)
	}
	for _, w := range weights {
		e.values = append(e.values, value{tag: "weights/" + w.name, histo: &w.histogram})
	}
	return e
}

// scanEvents goes through the records of an event file and returns the size of
// those before the first one that is torn, damaged, or of a batch or epoch that
// is to come again: from step on, or epochs from the one that ends behind done
// batches.
func scanEvents(r io.Reader, step, done int) int64 {
	var size int64
	for {
		data, err := readRecord(r)
		if err != nil {
			return size
		}
		at, tag, err := parseEvent(data)
		if err != nil {
			return size
		}
		if strings.HasPrefix(tag, perEpoch) && at > int64(done) || tag != "" && !strings.HasPrefix(tag, perEpoch) && at >= int64(step) {
			return size
		}
		size += int64(len(data)) + 16
	}
}

// maxRecord bounds the bytes of a record: a damaged length is not to be believed.
const maxRecord = 1 << 26

// readRecord returns the event of the next record, whose checksums are right.
func readRecord(r io.Reader) ([]byte, error) {
	var head [12]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil, err
	}
	n := binary.LittleEndian.Uint64(head[:])
	if binary.LittleEndian.Uint32(head[8:]) != maskedCRC(head[:8]) || n > maxRecord {
		return nil, fmt.Errorf("the length of a record is damaged")
	}
	var data bytes.Buffer // grows with what is there, not with what is promised
	if _, err := io.CopyN(&data, r, int64(n)+4); err != nil {
		return nil, err
	}
	b := data.Bytes()
	if binary.LittleEndian.Uint32(b[n:]) != maskedCRC(b[:n]) {
		return nil, fmt.Errorf("a record is damaged")
	}
	return b[:n], nil
}

// parseEvent returns the step of an event and the name of its first value, ""
// without one.
func parseEvent(b []byte) (step int64, tag string, err error) {
	err = fields(b, func(n protowire.Number, t protowire.Type, v []byte) error {
		switch {
		case n == 2 && t == protowire.VarintType:
			u, _ := protowire.ConsumeVarint(v)
			step = int64(u)
		case n == 5 && t == protowire.BytesType && tag == "":
			s, _ := protowire.ConsumeBytes(v)
			return fields(s, func(n protowire.Number, t protowire.Type, v []byte) error {
				if n != 1 || t != protowire.BytesType || tag != "" {
					return nil
				}
				one, _ := protowire.ConsumeBytes(v)
				return fields(one, func(n protowire.Number, t protowire.Type, v []byte) error {
					if n == 1 && t == protowire.BytesType {
						tag, _ = protowire.ConsumeString(v)
					}
					return nil
				})
			})
		}
		return nil
	})
	return step, tag, err
}

// fields calls f with the fields of a protocol buffer.
func fields(b []byte, f func(protowire.Number, protowire.Type, []byte) error) error {
	for len(b) > 0 {
		n, t, k := protowire.ConsumeTag(b)
		if k < 0 {
			return protowire.ParseError(k)
		}
		b = b[k:]
		if k = protowire.ConsumeFieldValue(n, t, b); k < 0 {
			return protowire.ParseError(k)
		}
		if err := f(n, t, b[:k]); err != nil {
			return err
		}
		b = b[k:]
	}
	return nil
}

// sortedKeys returns the keys of a map in one order.
func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
