package events

import (
	"bytes"
	"errors"
	"fmt"
	"io"
)

// room is the size of a source's buffer. Headers of the formats that have text in
// front fit into it.
const room = 64 << 10

// A source reads an input through a buffer whose size never changes, and knows at
// which byte it is.
type source struct {
	r      io.Reader
	buf    []byte
	lo, hi int   // what is in the buffer and has not been used
	at     int64 // offset of buf[lo] in the input
	err    error // what r has said; it holds once the buffer is empty
}

func newSource(r io.Reader) *source { return &source{r: r, buf: make([]byte, room)} }

// A placed error says at which byte it happened.
type placed struct {
	at  int64
	err error
}

func (e *placed) Error() string { return fmt.Sprintf("byte %d: %v", e.at, e.err) }
func (e *placed) Unwrap() error { return e.err }

// errorf returns an error at the byte where the source is.
func (s *source) errorf(format string, args ...any) error {
	return &placed{s.at, fmt.Errorf(format, args...)}
}

// cut says that the input ends within something of which it has got bytes.
func (s *source) cut(what string, want int) error {
	if s.err != io.EOF {
		return &placed{s.at, s.err}
	}
	return s.errorf("the file ends within %s: %d bytes are there, want %d: %w", what, s.hi-s.lo, want, io.ErrUnexpectedEOF)
}

// fill reads until n bytes are in the buffer or the input has ended, and returns
// what is in it.
func (s *source) fill(n int) []byte {
	if s.hi-s.lo >= n || s.err != nil {
		return s.buf[s.lo:s.hi]
	}
	s.lo, s.hi = 0, copy(s.buf, s.buf[s.lo:s.hi])
	for idle := 0; s.hi < n && s.err == nil; idle++ {
		k, err := s.r.Read(s.buf[s.hi:])
		if k < 0 || k > len(s.buf)-s.hi {
			err, k = errors.New("the reader says that it has read more than fits"), 0
		}
		if k > 0 {
			idle = 0
		}
		if err == nil && idle > 100 {
			err = io.ErrNoProgress
		}
		s.hi += k
		s.err = err
	}
	return s.buf[s.lo:s.hi]
}

// peek returns the next n bytes, or less at the end of the input.
func (s *source) peek(n int) []byte {
	b := s.fill(n)
	return b[:min(n, len(b))]
}

// skip moves on by n bytes of those that are in the buffer.
func (s *source) skip(n int) { s.lo, s.at = s.lo+n, s.at+int64(n) }

// window returns whole records of the given width, as many as are in the buffer,
// one at least. At the end of the input it returns io.EOF, and an error if the
// input ends within a record, which is called what.
func (s *source) window(width int, what string) ([]byte, error) {
	b := s.buf[s.lo:s.hi]
	if len(b) < width {
		b = s.fill(width)
	}
	if len(b) < width {
		if len(b) == 0 && s.err == io.EOF {
			return nil, io.EOF
		}
		return nil, s.cut(what, width)
	}
	return b[:len(b)/width*width], nil
}

// take returns the next n bytes, n at most room, and moves on behind them. They
// hold until the next call.
func (s *source) take(n int, what string) ([]byte, error) {
	b := s.peek(n)
	if len(b) < n {
		return nil, s.cut(what, n)
	}
	s.skip(n)
	return b, nil
}

// Read reads what is in the buffer first.
func (s *source) Read(p []byte) (int, error) {
	b := s.fill(1)
	if len(b) == 0 {
		return 0, s.err
	}
	n := copy(p, b)
	s.skip(n)
	return n, nil
}

// discard moves on by n bytes, of something called what.
func (s *source) discard(n int64, what string) error {
	for n > 0 {
		b := s.fill(1)
		if len(b) == 0 {
			return s.cut(what, int(min(n, 1<<30)))
		}
		k := int(min(n, int64(len(b))))
		s.skip(k)
		n -= int64(k)
	}
	return nil
}

// body appends the next n bytes to dst. Memory grows with what is there, not with
// n.
func (s *source) body(dst []byte, n int64, what string) ([]byte, error) {
	for n > 0 {
		b := s.fill(1)
		if len(b) == 0 {
			return dst, s.cut(what, int(min(n, 1<<30)))
		}
		k := int(min(n, int64(len(b))))
		dst = append(dst, b[:k]...)
		s.skip(k)
		n -= int64(k)
	}
	return dst, nil
}

// lines reads the lines at the front of a file that start with mark, and calls
// each, without its end, until one returns false. Binary data may start with the
// same byte: a line of a header is text.
func (s *source) lines(mark byte, each func(line string) bool) {
	for {
		b := s.fill(room)
		end := bytes.IndexByte(b, '\n')
		if end < 0 && s.err != nil {
			end = len(b) // the last line of a file without data
		}
		if end <= 0 || b[0] != mark || !text(b[:end]) {
			return
		}
		line := string(bytes.TrimRight(b[:end], "\r"))
		s.skip(min(end+1, len(b)))
		if !each(line) {
			return
		}
	}
}

// text reports whether b could be a line of text: no control characters.
func text(b []byte) bool {
	for _, c := range b {
		if c < ' ' && c != '\t' && c != '\r' || c == 0x7f {
			return false
		}
	}
	return true
}
