package h5

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// An Object is a group or a data set.
type Object struct {
	file *File
	path string
	msgs []message
}

// A message is a part of the header of an object.
type message struct {
	kind int
	body []byte
}

// Kinds of messages.
const (
	msgSpace     = 0x01
	msgLinkInfo  = 0x02
	msgType      = 0x03
	msgOldFill   = 0x04
	msgFill      = 0x05
	msgLink      = 0x06
	msgExternal  = 0x07
	msgLayout    = 0x08
	msgFilters   = 0x0b
	msgAttribute = 0x0c
	msgContinue  = 0x10
	msgGroup     = 0x11
	msgAttrInfo  = 0x15
)

// object reads the header at an address.
func (f *File) object(addr int64, path string) (*Object, error) {
	b, err := f.read(addr, 16)
	if err != nil {
		return nil, fmt.Errorf("the header of %s: %w", path, err)
	}
	if string(b[:4]) == "OHDR" {
		return f.header2(addr, path)
	}
	if b[0] != 1 {
		return nil, fmt.Errorf("the header of %s has version %d, want 1: the file is damaged", path, b[0])
	}
	c := cursor{b: b[2:]}
	left := c.u16()
	c.skip(4)
	o := &Object{file: f, path: path}
	blocks := [][2]int64{{addr + 16, c.u32()}}
	for i := 0; i < len(blocks); i++ {
		if len(blocks) > 1000 || slices.Contains(blocks[:i], blocks[i]) {
			return nil, fmt.Errorf("the header of %s: its parts go round in a circle, or are too many", path)
		}
		b, err := f.read(blocks[i][0], blocks[i][1])
		if err != nil {
			return nil, fmt.Errorf("the header of %s: %w", path, err)
		}
		for c := (cursor{b: b}); len(c.b) >= 8 && left > 0; left-- {
			kind, n, flags := c.u16(), c.u16(), c.u8()
			c.skip(3)
			body := c.take(n)
			if c.err != nil {
				return nil, fmt.Errorf("the header of %s: %w", path, c.err)
			}
			if kind == msgContinue {
				next := cursor{b: body}
				blocks = append(blocks, [2]int64{next.addr(), next.length()})
				if next.err != nil {
					return nil, fmt.Errorf("the header of %s: %w", path, next.err)
				}
				continue
			}
			if flags&2 != 0 && kind == msgType {
				return nil, fmt.Errorf("%s has a type that is shared by name, which is not read", path)
			}
			o.msgs = append(o.msgs, message{kind, body})
		}
	}
	return o, nil
}

// find returns the body of the first message of a kind.
func (o *Object) find(kind int) ([]byte, bool) {
	for _, m := range o.msgs {
		if m.kind == kind {
			return m.body, true
		}
	}
	return nil, false
}

// IsGroup reports whether the object is a group, not a data set.
func (o *Object) IsGroup() bool {
	_, ok := o.find(msgGroup)
	return ok || o.later()
}

// later reports whether the object is a group of the later form.
func (o *Object) later() bool {
	_, ok := o.find(msgLinkInfo)
	_, ok2 := o.find(msgLink)
	return ok || ok2
}

// Path returns where the object is in the file.
func (o *Object) Path() string { return o.path }

// Root returns the root group.
func (f *File) Root() (*Object, error) { return f.object(f.root, "/") }

// Lookup returns the object at a path, "/spikes/times".
func (f *File) Lookup(path string) (*Object, error) {
	o, err := f.Root()
	for name := range strings.SplitSeq(strings.Trim(path, "/"), "/") {
		if err != nil || name == "" {
			break
		}
		o, err = o.Child(name)
	}
	return o, err
}

// A Link is an object in a group.
type Link struct {
	Name string
	addr int64
}

// Address returns where in the file the object is: two links with one address are links
// to one object.
func (l Link) Address() int64 { return l.addr }

// Links returns what is in a group, sorted by name.
func (o *Object) Links() ([]Link, error) {
	if o.later() {
		links, err := o.links2()
		if err != nil {
			return nil, fmt.Errorf("group %s: %w", o.path, err)
		}
		slices.SortStableFunc(links, byName)
		return links, nil
	}
	body, ok := o.find(msgGroup)
	if !ok {
		return nil, fmt.Errorf("%s is a data set, want a group", o.path)
	}
	c := cursor{b: body}
	tree, heap := c.addr(), c.addr()
	if c.err != nil {
		return nil, fmt.Errorf("group %s: %w", o.path, c.err)
	}
	names, err := o.file.heap(heap)
	if err != nil {
		return nil, fmt.Errorf("group %s: %w", o.path, err)
	}
	var links []Link
	w := walk{file: o.file, kind: 0, keySize: 8, leaf: func(_ []byte, addr int64) error {
		more, err := o.file.symbols(addr, names)
		links = append(links, more...)
		return err
	}}
	if err := w.node(tree, -1); err != nil {
		return nil, fmt.Errorf("group %s: %w", o.path, err)
	}
	slices.SortStableFunc(links, byName)
	return links, nil
}

func byName(a, b Link) int { return strings.Compare(a.Name, b.Name) }

// Child returns the object with a name in a group.
func (o *Object) Child(name string) (*Object, error) {
	links, err := o.Links()
	if err != nil {
		return nil, err
	}
	i, ok := slices.BinarySearchFunc(links, name, func(l Link, name string) int { return strings.Compare(l.Name, name) })
	if !ok {
		return nil, fmt.Errorf("there is no %s: %w", o.join(name), ErrNotFound)
	}
	return o.Open(links[i])
}

// ErrNotFound is what an error of a name that is not there wraps.
var ErrNotFound = errors.New("no such object in the file")

// Open returns the object of a link of this group.
func (o *Object) Open(l Link) (*Object, error) { return o.file.object(l.addr, o.join(l.Name)) }

func (o *Object) join(name string) string { return strings.TrimSuffix(o.path, "/") + "/" + name }

// heap returns the names of a group, each ended by a 0.
func (f *File) heap(addr int64) ([]byte, error) {
	b, err := f.signed(addr, 32, "HEAP")
	if err != nil {
		return nil, err
	}
	c := cursor{b: b[8:]}
	n := c.length()
	c.skip(8)
	at := c.addr()
	if c.err != nil {
		return nil, c.err
	}
	return f.read(at, n)
}

// symbols returns the links of a node at the bottom of the tree of a group.
func (f *File) symbols(addr int64, names []byte) ([]Link, error) {
	b, err := f.signed(addr, 8, "SNOD")
	if err != nil {
		return nil, err
	}
	head := cursor{b: b[6:]}
	n := head.u16()
	if b, err = f.read(addr+8, 40*int64(n)); err != nil {
		return nil, err
	}
	var links []Link
	for c := (cursor{b: b}); len(c.b) > 0; {
		name, at, kind := c.length(), c.addr(), c.u32()
		c.skip(20)
		if c.err != nil {
			return nil, c.err
		}
		if kind == 2 { // a symbolic link
			continue
		}
		if name >= int64(len(names)) {
			return nil, errOutside
		}
		text, _, ok := bytes.Cut(names[name:], []byte{0})
		if !ok {
			return nil, errShort
		}
		links = append(links, Link{string(text), at})
	}
	return links, nil
}

// A walk goes through a B-tree of version 1 and calls leaf for each child at its
// bottom, with the key before it.
type walk struct {
	file    *File
	kind    int
	keySize int
	leaf    func(key []byte, addr int64) error
	seen    map[int64]bool
}

// node visits a node whose level has to be the given one, or any if that is below 0.
func (w *walk) node(addr int64, level int) error {
	if w.seen == nil {
		w.seen = map[int64]bool{}
	}
	if w.seen[addr] {
		return fmt.Errorf("the node at byte %d comes twice in a tree: the file is damaged", addr)
	}
	w.seen[addr] = true
	b, err := w.file.signed(addr, 24, "TREE")
	if err != nil {
		return err
	}
	if int(b[4]) != w.kind || level >= 0 && int(b[5]) != level {
		return fmt.Errorf("a node of a tree is of kind %d and level %d, want %d and %d: the file is damaged", b[4], b[5], w.kind, level)
	}
	level = int(b[5])
	head := cursor{b: b[6:]}
	n := head.u16()
	if b, err = w.file.read(addr+24, int64(n)*int64(w.keySize+8)); err != nil {
		return err
	}
	for c := (cursor{b: b}); len(c.b) > 0; {
		key := c.take(w.keySize)
		child := c.addr()
		if level > 0 {
			err = w.node(child, level-1)
		} else if !w.seen[child] {
			w.seen[child] = true
			err = w.leaf(key, child)
		} else {
			err = fmt.Errorf("what is at byte %d comes twice in a tree: the file is damaged", child)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
