package recordings

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"slices"
	"sync"

	"github.com/spikegrad/spikegrad/data"
	"github.com/spikegrad/spikegrad/internal/files"
)

// The file of a cache: all numbers with the lowest byte first,
//
//	8 bytes    cacheMagic
//	32 bytes   the key
//	           the samples, one behind the other
//	16 bytes   of each sample: its bytes (8), its spikes (4), its checksum (4)
//	20 bytes   where these begin (8), how many there are (8), and the checksum (4) of
//	           all but the samples
//
// A sample is its spikes in their order, two variable-length numbers each: the time step,
// as a signed difference to that of the spike before it, and the element. Checksums are
// CRC-32 of Castagnoli's polynomial, which miss no single wrong byte.
const (
	cacheExtension = ".spikes"
	cacheMagic     = "\x89SPIKES\n"
	cacheHead      = len(cacheMagic) + 32
	cacheEntry     = 16
	cacheFoot      = 20
)

var (
	castagnoli = crc32.MakeTable(crc32.Castagnoli)
	le         = binary.LittleEndian
)

// errStale is of a cache that has to be made anew.
var errStale = errors.New("the cache is of something else, or damaged")

// pack appends spikes to dst.
func pack(dst []byte, es []data.Event) []byte {
	last := 0
	for _, e := range es {
		dst = binary.AppendVarint(dst, int64(e.Step-last))
		dst = binary.AppendUvarint(dst, uint64(e.Index))
		last = e.Step
	}
	return dst
}

// unpack appends the n spikes of a sample of this shape to dst.
func unpack(dst []data.Event, b []byte, n, steps, width int) ([]data.Event, bool) {
	step := int64(0)
	for range n {
		d, k := binary.Varint(b)
		if k <= 0 {
			return dst, false
		}
		i, m := binary.Uvarint(b[k:])
		if step += d; m <= 0 || step < 0 || step >= int64(steps) || i >= uint64(width) {
			return dst, false
		}
		b = b[k+m:]
		dst = append(dst, data.Event{Step: int(step), Index: int(i)})
	}
	return dst, len(b) == 0
}

// A cacheWriter writes a cache from front to end.
type cacheWriter struct {
	w     io.Writer
	at    uint64
	head  []byte
	index []byte
}

func newCacheWriter(w io.Writer, key cacheKey) *cacheWriter {
	return &cacheWriter{w: w, head: append([]byte(cacheMagic), key[:]...)}
}

func (c *cacheWriter) write(b []byte) error {
	_, err := c.w.Write(b)
	c.at += uint64(len(b))
	return err
}

// sample writes the next one.
func (c *cacheWriter) sample(b []byte, spikes int) error {
	if c.at == 0 {
		if err := c.write(c.head); err != nil {
			return err
		}
	}
	if spikes > 1<<31-1 {
		return fmt.Errorf("a sample has %d spikes, want at most %d", spikes, 1<<31-1)
	}
	c.index = le.AppendUint64(c.index, uint64(len(b)))
	c.index = le.AppendUint32(c.index, uint32(spikes))
	c.index = le.AppendUint32(c.index, crc32.Checksum(b, castagnoli))
	return c.write(b)
}

// finish writes what is behind the samples.
func (c *cacheWriter) finish() error {
	foot := le.AppendUint64(nil, c.at)
	foot = le.AppendUint64(foot, uint64(len(c.index)/cacheEntry))
	sum := crc32.Checksum(c.head, castagnoli)
	sum = crc32.Update(crc32.Update(sum, castagnoli, c.index), castagnoli, foot)
	if err := c.write(c.index); err != nil {
		return err
	}
	return c.write(le.AppendUint32(foot, sum))
}

// A cache is an open file of spikes.
type cache struct {
	file         *os.File
	entries      []entry
	steps, width int
	room         sync.Pool // of *[]byte
}

// An entry is where a sample is.
type entry struct {
	at, bytes int64
	spikes    int
	sum       uint32
}

// openCache opens a cache if it is of this key and nothing in it is damaged.
func (d *Dataset) openCache(ctx context.Context, path string, key cacheKey) (*cache, error) {
	f, info, err := files.Open(path)
	if err != nil {
		return nil, err
	}
	c := &cache{file: f, steps: d.shape[0], width: d.size / d.shape[0]}
	if err = c.open(info.Size(), key, d.Len()); err == nil {
		err = c.check(ctx)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return c, nil
}

// open reads all but the samples, of which there have to be n.
func (c *cache) open(size int64, key cacheKey, n int) error {
	index := int64(n) * cacheEntry
	if size < int64(cacheHead)+index+cacheFoot {
		return errStale
	}
	head, tail := make([]byte, cacheHead), make([]byte, index+cacheFoot)
	if _, err := c.file.ReadAt(head, 0); err != nil {
		return err
	}
	if _, err := c.file.ReadAt(tail, size-int64(len(tail))); err != nil {
		return err
	}
	foot := tail[index:]
	sum := crc32.Update(crc32.Checksum(head, castagnoli), castagnoli, tail[:len(tail)-4])
	if string(head[:len(cacheMagic)]) != cacheMagic || cacheKey(head[len(cacheMagic):]) != key ||
		int64(le.Uint64(foot)) != size-int64(len(tail)) || int64(le.Uint64(foot[8:])) != int64(n) || le.Uint32(foot[16:]) != sum {
		return errStale
	}
	c.entries = make([]entry, n)
	at, end := int64(cacheHead), size-int64(len(tail))
	for i := range c.entries {
		b := tail[i*cacheEntry:]
		e := entry{at, int64(le.Uint64(b)), int(le.Uint32(b[8:])), le.Uint32(b[12:])}
		if e.bytes < 0 || e.bytes > end-at || int64(e.spikes) > e.bytes/2 {
			return errStale
		}
		c.entries[i], at = e, at+e.bytes
	}
	if at != end {
		return errStale
	}
	return nil
}

// check reads all samples.
func (c *cache) check(ctx context.Context) error {
	for i := range c.entries {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		b, err := c.packed(i)
		if err != nil {
			return err
		}
		c.room.Put(b)
	}
	return nil
}

// packed returns the bytes of a sample, if they are right; whoever has used them puts
// them back into the room.
func (c *cache) packed(i int) (*[]byte, error) {
	e := c.entries[i]
	b, _ := c.room.Get().(*[]byte)
	if b == nil {
		b = new([]byte)
	}
	if int64(cap(*b)) < e.bytes {
		*b = make([]byte, e.bytes)
	}
	*b = (*b)[:e.bytes]
	if _, err := c.file.ReadAt(*b, e.at); err != nil && !(err == io.EOF && e.bytes == 0) {
		return nil, err
	}
	if crc32.Checksum(*b, castagnoli) != e.sum {
		return nil, errStale
	}
	return b, nil
}

// read appends the spikes of sample i to dst.
func (c *cache) read(i int, dst []data.Event) ([]data.Event, error) {
	b, err := c.packed(i)
	if err != nil {
		return dst, fmt.Errorf("recordings: cache: %s: sample %d: %w", c.file.Name(), i, err)
	}
	e := c.entries[i]
	out, ok := unpack(slices.Grow(dst, e.spikes), *b, e.spikes, c.steps, c.width)
	c.room.Put(b)
	if !ok {
		return dst, fmt.Errorf("recordings: cache: %s: sample %d: %w", c.file.Name(), i, errStale)
	}
	return out, nil
}
