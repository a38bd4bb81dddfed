package sound

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"

	"github.com/spikegrad/spikegrad/internal/files"
	"github.com/spikegrad/spikegrad/internal/guard"
)

// A WAV reads the samples of a RIFF WAVE file: whole numbers of 8, 16, 24 or 32 bits, or
// floats of 32 or 64. It must not be used by two goroutines at once.
type WAV struct {
	Rate     int // samples a second
	Channels int
	Bits     int // of a sample

	in    *bufio.Reader
	file  *os.File
	name  string
	float bool
	at    int64 // bytes that have been read
	left  int64 // bytes of samples that have not; below 0: to the end of the file
	frame []byte
}

// OpenWAV opens the file at path. The caller closes it.
func OpenWAV(path string) (*WAV, error) {
	f, _, err := files.Open(path)
	if err != nil {
		return nil, fmt.Errorf("sound: %w", err)
	}
	w := &WAV{in: bufio.NewReader(f), file: f, name: path + ": "}
	if err := w.header(); err != nil {
		f.Close()
		return nil, w.errorf("%w", err)
	}
	return w, nil
}

// NewWAV reads the header of a file. An error says at which byte it is not one.
func NewWAV(r io.Reader) (*WAV, error) {
	if guard.IsNil(r) {
		return nil, errors.New("sound: the reader is nil")
	}
	w := &WAV{in: bufio.NewReader(r)}
	if err := w.header(); err != nil {
		return nil, w.errorf("%w", err)
	}
	return w, nil
}

func (w *WAV) errorf(format string, args ...any) error {
	return fmt.Errorf("sound: %swav: byte %d: %w", w.name, w.at, fmt.Errorf(format, args...))
}

// take reads n bytes.
func (w *WAV) take(n int) ([]byte, error) {
	b := make([]byte, n)
	k, err := io.ReadFull(w.in, b)
	w.at += int64(k)
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return b, err
}

// header reads up to the first sample.
func (w *WAV) header() error {
	b, err := w.take(12)
	if err != nil {
		return err
	}
	if string(b[:4]) != "RIFF" || string(b[8:]) != "WAVE" {
		return fmt.Errorf("the file starts with %q, want RIFF and WAVE", b)
	}
	for {
		if b, err = w.take(8); err != nil {
			return err
		}
		name, size := string(b[:4]), int64(binary.LittleEndian.Uint32(b[4:]))
		switch {
		case name == "fmt ":
			if err := w.format(size); err != nil {
				return err
			}
			size = 0
		case name == "data":
			if w.Rate == 0 {
				return errors.New("the samples come before their format")
			}
			if w.left = size; size == 0xffffffff { // written to a pipe
				w.left = -1
			}
			w.frame = make([]byte, w.Channels*w.Bits/8)
			return nil
		}
		n, err := io.CopyN(io.Discard, w.in, size+size%2)
		if w.at += n; err != nil {
			return fmt.Errorf("in the part %q: %w", name, io.ErrUnexpectedEOF)
		}
	}
}

// Formats of samples.
const (
	wavInt        = 1
	wavFloat      = 3
	wavExtensible = 0xfffe
)

func (w *WAV) format(size int64) error {
	if size < 16 || size > 1<<10 {
		return fmt.Errorf("the format has %d bytes, want 16 to 1024", size)
	}
	b, err := w.take(int(size + size%2))
	if err != nil {
		return err
	}
	kind := binary.LittleEndian.Uint16(b)
	if kind == wavExtensible && size >= 26 {
		kind = binary.LittleEndian.Uint16(b[24:])
	}
	w.Channels, w.Rate, w.Bits = int(binary.LittleEndian.Uint16(b[2:])), int(binary.LittleEndian.Uint32(b[4:])), int(binary.LittleEndian.Uint16(b[14:]))
	w.float = kind == wavFloat
	ok := kind == wavInt && (w.Bits == 8 || w.Bits == 16 || w.Bits == 24 || w.Bits == 32) || kind == wavFloat && (w.Bits == 32 || w.Bits == 64)
	switch {
	case !ok:
		return fmt.Errorf("samples are of format %d with %d bits, want PCM (1) of 8, 16, 24 or 32 or floats (3) of 32 or 64", kind, w.Bits)
	case w.Channels < 1 || w.Channels > 256:
		return fmt.Errorf("there are %d channels, want 1 to 256", w.Channels)
	case w.Rate < 1 || w.Rate > maxRate:
		return fmt.Errorf("the rate is %d Hz, want 1 to %d", w.Rate, maxRate)
	}
	return nil
}

// Read reads up to len(dst) samples, each the mean of the channels, from −1 to 1 of the
// full scale, and returns how many. It returns 0 only with an error, which is io.EOF at
// the end.
func (w *WAV) Read(dst []float64) (int, error) {
	for i := range dst {
		if w.left >= 0 && w.left < int64(len(w.frame)) {
			return i, io.EOF // what is left over is no sample of all channels
		}
		k, err := io.ReadFull(w.in, w.frame)
		if err == io.EOF && w.left < 0 {
			return i, io.EOF
		}
		if err != nil {
			if err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
			w.at += int64(k)
			return i, w.errorf("the file ends, and %d bytes of samples are missing: %w", max(w.left, int64(len(w.frame)))-int64(k), err)
		}
		w.at += int64(k)
		if w.left >= 0 {
			w.left -= int64(k)
		}
		sum := 0.0
		for c := range w.Channels {
			v := w.sample(w.frame[c*w.Bits/8:])
			if math.IsNaN(v) || math.IsInf(v, 0) {
				return i, w.errorf("a sample is %v", v)
			}
			sum += v
		}
		dst[i] = sum / float64(w.Channels)
	}
	return len(dst), nil
}

// sample returns one number.
func (w *WAV) sample(b []byte) float64 {
	switch {
	case w.float && w.Bits == 64:
		return math.Float64frombits(binary.LittleEndian.Uint64(b))
	case w.float:
		return float64(math.Float32frombits(binary.LittleEndian.Uint32(b)))
	case w.Bits == 8:
		return (float64(b[0]) - 128) / 128
	case w.Bits == 16:
		return float64(int16(binary.LittleEndian.Uint16(b))) / (1 << 15)
	case w.Bits == 24:
		return float64(int32(uint32(b[0])<<8|uint32(b[1])<<16|uint32(b[2])<<24)>>8) / (1 << 23)
	}
	return float64(int32(binary.LittleEndian.Uint32(b))) / (1 << 31)
}

// Close closes a file that OpenWAV has opened.
func (w *WAV) Close() error {
	if w.file == nil {
		return nil
	}
	return w.file.Close()
}
