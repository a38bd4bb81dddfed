package events

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// From where the size of a sensor is known.
const (
	stated  = "stated by the file"
	camera  = "that of the camera which the file names"
	usual   = "the usual one of the format"
	given   = "given by the caller"
	unknown = "not known"
)

// A head is what the start of a file says.
type head struct {
	width, height int
	geometry      string // from where they are known
	bottomUp      bool
	detail        string // which kind of the format, as "LZ4"
}

// A decoder reads the events of a file into dst, which has room for 16 at least.
// The last of them may come with an error; io.EOF is the end. It may return none
// and no error, if it has read something.
type decoder interface {
	read(dst []Event) (int, error)
}

// A format is a file format. One is one file that registers it.
type format struct {
	name       string
	title      string
	extensions []string
	is         func(start []byte) bool // by the first bytes; nil if these say nothing
	open       func(r *Reader) (decoder, head, error)
	write      func(w io.Writer, rec Recording) error // nil if it is only read
}

var formats []format

func register(f format) {
	formats = append(formats, f)
	slices.SortFunc(formats, func(a, b format) int { return strings.Compare(a.name, b.name) })
}

// A Format is a file format that this package reads.
type Format struct {
	Name       string   // as Options and Write take it
	Title      string   // what it is
	Extensions []string // of file names, as ".raw"
	Writes     bool     // whether Write knows it
}

// Formats returns the formats by their names.
func Formats() []Format {
	var out []Format
	for _, f := range formats {
		out = append(out, Format{f.name, f.title, slices.Clone(f.extensions), f.write != nil})
	}
	return out
}

// byName returns the format with a name, or an error that lists those there are.
func byName(name string, want func(format) bool) (format, error) {
	var names []string
	for _, f := range formats {
		if want(f) {
			names = append(names, f.name)
			if f.name == name {
				return f, nil
			}
		}
	}
	return format{}, fmt.Errorf("format is %q, want one of %s", name, strings.Join(names, ", "))
}

// byExtension returns the format to which the end of a file name belongs.
func byExtension(name string, want func(format) bool) (format, bool) {
	name = strings.ToLower(name)
	for _, f := range formats {
		for _, ext := range f.extensions {
			if want(f) && strings.HasSuffix(name, ext) {
				return f, true
			}
		}
	}
	return format{}, false
}

// foreign names files of other kinds, of which people have many beside their
// recordings.
var foreign = []struct{ start, name string }{
	{"\x89PNG", "a PNG picture"}, {"GIF8", "a GIF picture"}, {"\xff\xd8\xff", "a JPEG picture"},
	{"%PDF", "a PDF document"}, {"RIFF", "a RIFF file (WAV or AVI)"}, {"\x7fELF", "a program"},
	{"BZh", "a bzip2 archive"}, {"\xfd7zXZ", "an xz archive"}, {"7z\xbc\xaf", "a 7z archive"},
	{"#ROSBAG", "a ROS bag: export its events as CSV or .npz"},
	{"<!DOCTYPE", "a web page"}, {"<html", "a web page"}, {"version https://git-lfs", "a pointer of Git LFS, not the file itself"},
	{"\x89HDF\r\n\x1a\n", "an HDF5 file, which holds many recordings or none: recordings.OpenSHD reads those of SHD and SSC"},
}

// find returns the format of a file by its first bytes, or else by its name.
func find(start []byte, name string) (format, error) {
	for _, f := range formats {
		if f.is != nil && f.is(start) {
			return f, nil
		}
	}
	for _, k := range foreign {
		if strings.HasPrefix(string(start), k.start) {
			return format{}, fmt.Errorf("byte 0: this is %s", k.name)
		}
	}
	if f, ok := byExtension(name, func(format) bool { return true }); ok {
		if f.is != nil {
			return format{}, fmt.Errorf("byte 0: the file starts with %s, not as %s does", quoted(start), f.title)
		}
		return f, nil
	}
	return format{}, fmt.Errorf("byte 0: the file starts with %s, by which no format is known: name it in Options.Format", quoted(start))
}

// quoted returns the first bytes of a file for an error.
func quoted(start []byte) string {
	if len(start) == 0 {
		return "nothing: it is empty"
	}
	return fmt.Sprintf("% x", start[:min(8, len(start))])
}
