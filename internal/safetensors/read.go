package safetensors

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math"
	"slices"

	"github.com/spikegrad/spikegrad/internal/describe"
)

// maxHeader bounds the bytes of a header, as other readers do.
const maxHeader = 100_000_000

// Read reads a file of size bytes. It takes memory for no more than these,
// whatever the header says. An error says that the file is truncated, that its
// header makes no sense or that its checksum does not hold.
func Read(r io.Reader, size int64) (*File, error) {
	if size < 8 {
		return nil, fmt.Errorf("the file has %d bytes, want at least 8: it is truncated or no safetensors file", size)
	}
	var length [8]byte
	if _, err := io.ReadFull(r, length[:]); err != nil {
		return nil, whole(err)
	}
	n := binary.LittleEndian.Uint64(length[:])
	switch {
	case n > uint64(size-8):
		return nil, fmt.Errorf("the header should have %d bytes, the file has %d: it is truncated or no safetensors file", n, size)
	case n > maxHeader:
		return nil, fmt.Errorf("the header has %d bytes, want at most %d", n, maxHeader)
	}
	head := make([]byte, 8+n)
	copy(head, length[:])
	if _, err := io.ReadFull(r, head[8:]); err != nil {
		return nil, whole(err)
	}
	f, lengths, err := parse(head[8:])
	if err != nil {
		return nil, fmt.Errorf("the header makes no sense: %w", describe.Short(err))
	}
	rest := size - int64(len(head))
	for _, l := range lengths {
		rest -= l // whose sum fits
	}
	if rest < 0 {
		return nil, fmt.Errorf("the file is truncated: %d bytes are missing", -rest)
	}
	if rest > 0 {
		return nil, fmt.Errorf("%d bytes follow the last tensor", rest)
	}
	return f, f.load(r, head, lengths)
}

// load reads the tensors and checks the checksum.
func (f *File) load(r io.Reader, head []byte, lengths []int64) error {
	want := ""
	if at := checksumAt(head); at >= 0 {
		want = string(head[at : at+len(noChecksum)])
		copy(head[at:], noChecksum)
	}
	sum := crc32.Update(0, castagnoli, head)
	for i := range f.Tensors {
		t := &f.Tensors[i]
		t.Data = room(t.DType, lengths[i])
		b := raw(t.Data)
		if _, err := io.ReadFull(r, b); err != nil {
			return whole(err)
		}
		sum = crc32.Update(sum, castagnoli, b)
		if swapped {
			swap(t.DType, b)
		}
	}
	if want == "" {
		return nil
	}
	if got := fmt.Sprintf("%08x", sum); got != want {
		return fmt.Errorf("the file is damaged: its checksum is %s, want %s", got, want)
	}
	delete(f.Metadata, checksumName)
	f.Checked = true
	return nil
}

// whole says what the end of a file in its midst means.
func whole(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("the file ended while it was read")
	}
	return err
}

// An entry is what the header says of a tensor.
type entry struct {
	DType   string  `json:"dtype"`
	Shape   []int   `json:"shape"`
	Offsets []int64 `json:"data_offsets"`
}

// parse returns the tensors of a header in the order of their data, which they
// do not have yet, and the numbers of their bytes.
func parse(head []byte) (*File, []int64, error) {
	f := &File{}
	entries := map[string]entry{}
	d := json.NewDecoder(bytes.NewReader(head))
	d.DisallowUnknownFields()
	if t, err := d.Token(); err != nil || t != json.Delim('{') || head[0] != '{' {
		return nil, nil, errors.New("it does not start with {")
	}
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return nil, nil, err
		}
		name, ok := t.(string)
		_, twice := entries[name]
		switch {
		case !ok:
			return nil, nil, fmt.Errorf("%s stands where a name should", describe.Quote(fmt.Sprint(t)))
		case twice || name == metadataName && f.Metadata != nil:
			return nil, nil, fmt.Errorf("the name %s comes twice", describe.Quote(name))
		case name == metadataName:
			if err := d.Decode(&f.Metadata); err != nil {
				return nil, nil, err
			}
			if f.Metadata == nil {
				f.Metadata = map[string]string{}
			}
			continue
		}
		var e entry
		if err := d.Decode(&e); err != nil {
			return nil, nil, fmt.Errorf("tensor %s: %w", describe.Quote(name), err)
		}
		entries[name] = e
		f.Tensors = append(f.Tensors, Tensor{Name: name, Shape: e.Shape, DType: e.DType})
	}
	if _, err := d.Token(); err != nil {
		return nil, nil, err
	}
	if rest := bytes.TrimRight(head[d.InputOffset():], " "); len(rest) > 0 {
		return nil, nil, fmt.Errorf("%d bytes follow its end", len(rest))
	}
	lengths, err := f.arrange(entries)
	return f, lengths, err
}

// arrange puts the tensors in the order of their data and checks that these have
// no gaps.
func (f *File) arrange(entries map[string]entry) ([]int64, error) {
	slices.SortStableFunc(f.Tensors, func(a, b Tensor) int {
		return slices.Compare(entries[a.Name].Offsets, entries[b.Name].Offsets)
	})
	var at int64
	var lengths []int64
	for _, t := range f.Tensors {
		n, err := byteLen(t.DType, t.Shape)
		if err != nil {
			return nil, fmt.Errorf("tensor %s: %w", describe.Quote(t.Name), err)
		}
		if o := entries[t.Name].Offsets; n > math.MaxInt64-at || !slices.Equal(o, []int64{at, at + n}) {
			return nil, fmt.Errorf("tensor %s: %s of shape %v has offsets %v, want %d and %d bytes more",
				describe.Quote(t.Name), t.DType, describe.Numbers(t.Shape), describe.Numbers(o), at, n)
		}
		at, lengths = at+n, append(lengths, n)
	}
	return lengths, nil
}
