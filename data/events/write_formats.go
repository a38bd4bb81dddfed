package events

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strconv"
)

// writeBin writes what an atis decodes. A record that is no event moves all later
// times, so a recording may be longer than 23 bits; one that begins late or has a
// gap takes many of them, and more than a million at once are refused.
func writeBin(w io.Writer, rec Recording) error {
	base := int64(0)
	return each(w, rec, func(o *out, e Event) error {
		switch {
		case e.X > 255 || e.Y > 255 || e.Y == atisOverflow:
			return fmt.Errorf("this format has 8 bits for x and y, and y = %d is no event", atisOverflow)
		case e.T < 0:
			return errEarly
		case e.T < base:
			return errOrder
		case e.T-base >= atisTimes+1<<20*atisStep:
			return errors.New("it is more than two hours after 0 or the one before it: shift the times first, by Normalise")
		}
		for ; e.T-base >= atisTimes; base += atisStep {
			if _, err := o.w.Write([]byte{0, atisOverflow, 0, 0, 0}); err != nil {
				return err
			}
		}
		v := uint32(e.T-base) | uint32(flag(e.On))<<23
		_, err := o.w.Write(append(o.buf[:0], byte(e.X), byte(e.Y), byte(v>>16), byte(v>>8), byte(v)))
		return err
	})
}

// esGap is the longest time without an event that is written as an Event Stream, in
// which every 127 µs take a byte: an hour.
const esGap = 3600e6

func writeES(w io.Writer, rec Recording) error {
	width, height, err := rec.size16()
	if err != nil {
		return err
	}
	b := append([]byte(esMagic), 2, 0, 0, 1)
	b = binary.LittleEndian.AppendUint16(b, width)
	if _, err := w.Write(binary.LittleEndian.AppendUint16(b, height)); err != nil {
		return err
	}
	last := int64(0)
	return each(w, rec, func(o *out, e Event) error {
		switch d := e.T - last; {
		case e.X >= width || e.Y >= height:
			return fmt.Errorf("it is outside of the sensor of %d × %d", width, height)
		case e.T < 0:
			return errEarly
		case d < 0:
			return errOrder
		case d > esGap:
			return errors.New("it is more than an hour after 0 or the one before it: shift the times first, by Normalise")
		}
		for ; e.T-last >= 127; last += 127 {
			if err := o.w.WriteByte(0xff); err != nil {
				return err
			}
		}
		b := append(o.buf[:0], byte(e.T-last)<<1|flag(e.On))
		b = binary.LittleEndian.AppendUint16(b, e.X)
		last = e.T
		_, err := o.w.Write(binary.LittleEndian.AppendUint16(b, e.Y))
		return err
	})
}

// writeEVT2 writes what an evt2 decodes. The word with the time comes at least
// twice in each period, so that a reader sees every new beginning.
func writeEVT2(w io.Writer, rec Recording) error {
	head := "% evt 2.0\n"
	if rec.Width > 0 && rec.Height > 0 {
		head += fmt.Sprintf("%% format EVT2;width=%d;height=%d\n%% geometry %dx%d\n", rec.Width, rec.Height, rec.Width, rec.Height)
	}
	if _, err := io.WriteString(w, head+"% end\n"); err != nil {
		return err
	}
	const step = 1 << 26 // of high, a quarter of a period; a fall by a sixteenth is no new beginning
	high := int64(-1)
	return each(w, rec, func(o *out, e Event) error {
		h := e.T >> 6
		switch {
		case e.X > 2047 || e.Y > 2047:
			return errors.New("this format has 11 bits for x and y")
		case e.T < 0:
			return errEarly
		case high < 0 && e.T >= evt2Period || high >= 0 && h-high > 1<<32:
			return errors.New("it is too long after 0 or the one before it, want at most 4.7 and 76 hours: shift the times first, by Normalise")
		case high-h > step/4:
			return errOrder
		}
		for first := high < 0; h != high; first = false {
			if first {
				high = h - step
			}
			high = min(h, high+step)
			if err := o.word(8<<28 | uint32(high&0xfffffff)); err != nil {
				return err
			}
		}
		return o.word(uint32(flag(e.On))<<28 | uint32(e.T&63)<<22 | uint32(e.X)<<11 | uint32(e.Y))
	})
}

func (o *out) word(v uint32) error {
	_, err := o.w.Write(binary.LittleEndian.AppendUint32(o.buf[:0], v))
	return err
}

func writeCSV(w io.Writer, rec Recording) error {
	if _, err := io.WriteString(w, "t,x,y,p\n"); err != nil {
		return err
	}
	return each(w, rec, func(o *out, e Event) error {
		b := append(strconv.AppendInt(o.buf[:0], e.T, 10), ',')
		b = append(strconv.AppendUint(b, uint64(e.X), 10), ',')
		b = append(strconv.AppendUint(b, uint64(e.Y), 10), ',', '0'+flag(e.On), '\n')
		_, err := o.w.Write(b)
		return err
	})
}

// npyHead is the header of n events of 13 bytes, always as long.
func npyHead(n int64) []byte {
	dict := fmt.Sprintf("{'descr': [('t', '<i8'), ('x', '<u2'), ('y', '<u2'), ('p', '|u1')], 'fortran_order': False, 'shape': (%d,), }", n)
	b := binary.LittleEndian.AppendUint16([]byte(npyMagic+"\x01\x00"), npyDict)
	return fmt.Appendf(b, "%-*s\n", npyDict-1, dict)
}

const npyDict = 182 // 192 bytes with what is before it, a multiple of 64

func writeNPY(w io.Writer, rec Recording) error {
	put := func(o *out, e Event) error {
		b := binary.LittleEndian.AppendUint64(o.buf[:0], uint64(e.T))
		b = binary.LittleEndian.AppendUint16(b, e.X)
		b = binary.LittleEndian.AppendUint16(b, e.Y)
		_, err := o.w.Write(append(b, flag(e.On)))
		return err
	}
	n := int64(0)
	counted := func(o *out, e Event) error { n++; return put(o, e) }
	if s, ok := w.(io.WriteSeeker); ok {
		if start, err := s.Seek(0, io.SeekCurrent); err == nil {
			return seekNPY(s, start, rec, counted, &n)
		}
	}
	var body bytes.Buffer
	if err := each(&body, rec, counted); err != nil {
		return err
	}
	if _, err := w.Write(npyHead(n)); err != nil {
		return err
	}
	_, err := body.WriteTo(w)
	return err
}

// seekNPY writes the header again once the number of events is known.
func seekNPY(s io.WriteSeeker, start int64, rec Recording, put func(*out, Event) error, n *int64) error {
	if _, err := s.Write(npyHead(0)); err != nil {
		return err
	}
	if err := each(s, rec, put); err != nil {
		return err
	}
	end, err := s.Seek(0, io.SeekCurrent)
	if err == nil {
		_, err = s.Seek(start, io.SeekStart)
	}
	if err == nil {
		_, err = s.Write(npyHead(*n))
	}
	if err == nil {
		_, err = s.Seek(end, io.SeekStart)
	}
	return err
}
