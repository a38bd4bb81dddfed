package events

import (
	"bytes"
	"encoding/binary"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
)

func init() {
	register(format{
		name: "aedat4", title: "AEDAT 4 of DV",
		extensions: []string{".aedat4"},
		is:         func(b []byte) bool { return bytes.HasPrefix(b, []byte(aedat4Magic)) },
		open:       openAEDAT4,
	})
}

const aedat4Magic = "#!AER-DAT4.0\r\n"

// An aedat4 decodes AEDAT 4: a line of text; a flatbuffer that says how packets are
// packed and, in XML, which streams there are; and packets of a number of the
// stream, a size, both i32, and a flatbuffer, in a frame of LZ4 or ZSTD or as it is.
// A packet of events has a vector of 16 bytes an event:
//
//	0   i64  time, µs, as a rule since 1970
//	8   i16  x
//	10  i16  y
//	12  u8   1: ON
//
// Of several streams of events the first is read. The packets end where a table
// of them begins, or with the file.
type aedat4 struct {
	in     *source
	sum    *Summary
	end    int64 // where the table begins, or 0
	stream int32

	unpack func(dst, packed []byte, most int) ([]byte, error) // nil: they are not packed
	packed []byte
	plain  []byte
	events []byte // of the packet that have not been read
}

// A packet unpacks to no more than ratio times its size, and no more than most:
// the densest of LZ4 is 255.
const (
	aedat4Ratio = 256
	aedat4Most  = 1 << 28
	aedat4Head  = 1 << 24

	aedat4Window = 1 << 24 // of ZSTD: memory that a packet may ask for
)

func openAEDAT4(r *Reader) (decoder, head, error) {
	h := head{geometry: stated}
	in := r.in
	if b := in.peek(len(aedat4Magic)); string(b) != aedat4Magic {
		return nil, h, &placed{0, fmt.Errorf("the file starts with %s, want #!AER-DAT4.0", quoted(b))}
	}
	in.skip(len(aedat4Magic))
	at := in.at
	b, err := in.take(4, "the header")
	if err != nil {
		return nil, h, err
	}
	n := int64(binary.LittleEndian.Uint32(b))
	if n < 8 || n > aedat4Head {
		return nil, h, &placed{at, fmt.Errorf("the header has %d bytes, want 8 to %d", n, aedat4Head)}
	}
	buf, err := in.body(nil, n, "the header")
	if err != nil {
		return nil, h, err
	}
	d := &aedat4{in: in, sum: &r.sum}
	if err := d.header(buf, &h); err != nil {
		return nil, h, &placed{at, fmt.Errorf("the header: %w", err)}
	}
	return d, h, nil
}

// header reads the flatbuffer IOHeader.
func (d *aedat4) header(buf []byte, h *head) error {
	if string(buf[4:8]) != "IOHE" {
		return fmt.Errorf("it is called %q, want IOHE", buf[4:8])
	}
	t, err := rootTable(buf)
	if err != nil {
		return err
	}
	packing := 0
	at, err := t.field(0, 4)
	if err == nil && at > 0 {
		packing, err = u32(buf, at)
	}
	if err != nil {
		return err
	}
	switch packing {
	case 0:
		h.detail = "not packed"
	case 1, 2:
		d.unpack, h.detail = unpackLZ4(), "LZ4"
	case 3, 4:
		d.unpack, h.detail = unpackZSTD(), "ZSTD"
	default:
		return fmt.Errorf("packets are packed by method %d, want 0 to 4", packing)
	}
	if at, err = t.field(1, 8); err != nil {
		return err
	}
	if at > 0 {
		d.end = max(0, int64(binary.LittleEndian.Uint64(buf[at:])))
	}
	info, err := t.vector(2, 1)
	if err != nil {
		return err
	}
	return d.streams(info, h)
}

// A dvNode is a node of the XML that lists the streams.
type dvNode struct {
	Name  string   `xml:"name,attr"`
	Nodes []dvNode `xml:"node"`
	Attrs []struct {
		Key   string `xml:"key,attr"`
		Value string `xml:",chardata"`
	} `xml:"attr"`
}

func (n dvNode) attr(key string) string {
	for _, a := range n.Attrs {
		if a.Key == key {
			return a.Value
		}
	}
	return ""
}

// streams finds the first stream of events.
func (d *aedat4) streams(info []byte, h *head) error {
	var doc struct {
		Nodes []dvNode `xml:"node"`
	}
	if depth(info) > 64 {
		return errors.New("its XML is more than 64 elements deep")
	}
	if err := xml.Unmarshal(info, &doc); err != nil {
		return fmt.Errorf("its XML: %w", err)
	}
	for _, out := range doc.Nodes {
		for _, s := range out.Nodes {
			id, err := strconv.ParseInt(s.Name, 10, 32)
			if s.attr("typeIdentifier") != "EVTS" || err != nil {
				continue
			}
			d.stream = int32(id)
			for _, info := range s.Nodes {
				if w, err := strconv.ParseUint(info.attr("sizeX"), 10, 15); err == nil && h.width == 0 {
					h.width = int(w)
				}
				if v, err := strconv.ParseUint(info.attr("sizeY"), 10, 15); err == nil && h.height == 0 {
					h.height = int(v)
				}
			}
			return nil
		}
	}
	return errors.New("it lists no stream of events (EVTS)")
}

// depth returns how deep the elements of XML are at most.
func depth(doc []byte) int {
	deepest, at := 0, 0
	for i := 0; i+1 < len(doc); i++ {
		if doc[i] == '<' && doc[i+1] == '/' {
			at--
		} else if doc[i] == '<' && doc[i+1] != '!' && doc[i+1] != '?' {
			if at++; at > deepest {
				deepest = at
			}
		} else if doc[i] == '/' && doc[i+1] == '>' {
			at--
		}
	}
	return deepest
}

// packet reads the next packet of events.
func (d *aedat4) packet() error {
	for {
		if d.end > 0 && d.in.at >= d.end {
			return io.EOF
		}
		b, err := d.in.window(8, "the head of a packet")
		if err != nil {
			return err
		}
		stream, size := int32(binary.LittleEndian.Uint32(b)), int64(int32(binary.LittleEndian.Uint32(b[4:])))
		if size < 0 || d.end > 0 && d.in.at+8+size > d.end {
			return d.in.errorf("a packet has %d bytes, and the packets end at byte %d", size, d.end)
		}
		at := d.in.at
		d.in.skip(8)
		if stream != d.stream {
			d.sum.Skipped.Other++
			if err := d.in.discard(size, "a packet"); err != nil {
				return err
			}
			continue
		}
		if d.packed, err = d.in.body(d.packed[:0], size, "a packet"); err != nil {
			return err
		}
		plain := d.packed
		if d.unpack != nil {
			most := int(min(aedat4Ratio*size+1<<12, aedat4Most))
			if d.plain, err = d.unpack(d.plain[:0], d.packed, most); err != nil {
				return &placed{at, fmt.Errorf("a packet of %d bytes: %w", size, unexpected(err))}
			}
			plain = d.plain
		}
		if d.events, err = packetEvents(plain); err != nil {
			return &placed{at, fmt.Errorf("a packet of events: %w", err)}
		}
		return nil
	}
}

// packetEvents returns the events in a flatbuffer with its size in front.
func packetEvents(b []byte) ([]byte, error) {
	if len(b) < 12 || string(b[8:12]) != "EVTS" {
		return nil, fmt.Errorf("it is called %.4q, want EVTS", b[min(8, len(b)):])
	}
	t, err := rootTable(b[4:])
	if err != nil {
		return nil, err
	}
	return t.vector(0, 16)
}

func (d *aedat4) read(dst []Event) (int, error) {
	for len(d.events) == 0 {
		if err := d.packet(); err != nil {
			return 0, err
		}
	}
	n, i := 0, 0
	for ; i < len(d.events) && n < len(dst); i += 16 {
		e := d.events[i : i+16 : i+16]
		x, y := binary.LittleEndian.Uint16(e[8:]), binary.LittleEndian.Uint16(e[10:])
		if x|y > 1<<15-1 { // below 0
			d.sum.Skipped.Outside++
			continue
		}
		dst[n] = Event{T: int64(binary.LittleEndian.Uint64(e)), X: x, Y: y, On: e[12] != 0}
		n++
	}
	d.events = d.events[i:]
	return n, nil
}

// unpackLZ4 returns a function that appends what a frame of LZ4 holds to dst, at
// most so many bytes.
func unpackLZ4() func(dst, packed []byte, most int) ([]byte, error) {
	z := lz4.NewReader(nil)
	return func(dst, packed []byte, most int) ([]byte, error) {
		z.Reset(bytes.NewReader(packed))
		return appendAll(dst, z, most)
	}
}

// unpackZSTD is unpackLZ4 for ZSTD.
func unpackZSTD() func(dst, packed []byte, most int) ([]byte, error) {
	var z *zstd.Decoder
	return func(dst, packed []byte, most int) (_ []byte, err error) {
		if z == nil {
			z, err = zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(aedat4Window), zstd.WithDecoderLowmem(true))
			if err != nil {
				return dst, err
			}
		}
		if err := z.Reset(bytes.NewReader(packed)); err != nil {
			return dst, err
		}
		return appendAll(dst, z, most)
	}
}

// appendAll appends what r holds to dst, and returns an error if it is more than
// so many bytes.
func appendAll(dst []byte, r io.Reader, most int) ([]byte, error) {
	for {
		if len(dst) == cap(dst) {
			dst = append(dst, 0)[:len(dst)]
		}
		n, err := r.Read(dst[len(dst):min(cap(dst), most+1)])
		dst = dst[:len(dst)+n]
		switch {
		case len(dst) > most:
			return dst, fmt.Errorf("it unpacks to more than %d bytes", most)
		case err == io.EOF:
			return dst, nil
		case err != nil:
			return dst, err
		}
	}
}
