package events

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"
)

func init() {
	register(format{
		name: "csv", title: "text, an event a line",
		extensions: []string{".csv", ".txt"},
		is:         isCSV,
		open:       openCSV,
		write:      writeCSV,
	})
}

// isCSV reports whether the first line that is no comment has the names of columns.
func isCSV(b []byte) bool {
	for b = b[:min(len(b), csvLine)]; len(b) > 0; {
		line, rest, _ := bytes.Cut(b, []byte("\n"))
		if !text(line) {
			return false
		}
		names := strings.FieldsFunc(string(line), isSeparator)
		if len(names) > 0 && names[0][0] != '#' {
			_, err := places(names)
			return err == nil
		}
		b = rest
	}
	return false
}

// csvLine is how long a line may be.
const csvLine = 4096

// A csv decodes text: a line an event, whose numbers are separated by commas,
// semicolons, tabs or spaces. Which is which says the first line, by names as t, x,
// y, p (timestamp, polarity, …; other columns are passed over), or Options.Columns
// if the file has no such line. Lines that start with # are passed over. ON is what
// is above 0, or says true.
type csv struct {
	in   *source
	sum  *Summary
	at   [4]int // of t, x, y, p among the numbers of a line
	unit time.Duration
	line int64
}

func isSeparator(r rune) bool {
	return r == ',' || r == ';' || r == '\t' || r == ' ' || r == '\r' || r == '\ufeff'
}

func openCSV(r *Reader) (decoder, head, error) {
	d := &csv{in: r.in, sum: &r.sum, unit: r.options.unit()}
	for {
		line, rest, err := d.next()
		if err == io.EOF {
			return nil, head{}, d.in.errorf("no line has the names of the columns")
		}
		if err != nil {
			return nil, head{}, err
		}
		names := strings.FieldsFunc(string(line), isSeparator)
		if len(names) == 0 || names[0][0] == '#' {
			d.in.skip(rest)
			continue
		}
		header := strings.ContainsAny(strings.ToLower(names[0]), "abcdfghijklmnopqrstuvwxyz")
		if given := r.options.named(); given != nil {
			names = given
		} else if !header {
			return nil, head{}, d.in.errorf("the first line is %.40q, no names of columns: give them in Options.Columns, as x,y,p,t", line)
		}
		at := d.in.at
		if header {
			d.in.skip(rest)
		}
		if d.at, err = places(names); err != nil {
			return nil, head{}, &placed{at, err}
		}
		return d, head{}, nil
	}
}

// next returns the next line without its end, and how many bytes it has with it.
func (d *csv) next() (line []byte, n int, err error) {
	b := d.in.buf[d.in.lo:d.in.hi]
	end := bytes.IndexByte(b[:min(len(b), csvLine)], '\n')
	if end < 0 {
		b = d.in.fill(csvLine)
		end = bytes.IndexByte(b[:min(len(b), csvLine)], '\n')
	}
	switch {
	case end >= 0:
		return b[:end], end + 1, nil
	case len(b) >= csvLine:
		return nil, 0, d.in.errorf("a line is longer than %d bytes", csvLine)
	case d.in.err != io.EOF:
		return nil, 0, &placed{d.in.at, d.in.err}
	case len(b) == 0:
		return nil, 0, io.EOF
	}
	return b, len(b), nil
}

func (d *csv) read(dst []Event) (int, error) {
	n := 0
	for n < len(dst) {
		line, k, err := d.next()
		if err != nil {
			return n, err
		}
		d.line++
		ok, err := d.event(line, &dst[n])
		if err != nil {
			return n, d.in.errorf("line %d after the names: %w", d.line, err)
		}
		if ok {
			n++
		}
		d.in.skip(k)
	}
	return n, nil
}

// event makes an event of a line, if it is one.
func (d *csv) event(line []byte, e *Event) (ok bool, err error) {
	var got [4][]byte
	at := 0
	for i := 0; i < len(line); {
		for i < len(line) && isSeparator(rune(line[i])) {
			i++
		}
		from := i
		for i < len(line) && !isSeparator(rune(line[i])) {
			i++
		}
		if from == i {
			break
		}
		if at == 0 && line[from] == '#' {
			return false, nil
		}
		for r, want := range d.at {
			if want == at {
				got[r] = line[from:i]
			}
		}
		at++
	}
	if at == 0 {
		return false, nil
	}
	for r := range got {
		if got[r] == nil {
			return false, fmt.Errorf("it has %d columns, and %s is column %d", at, roles[r], d.at[r]+1)
		}
	}
	if e.T, err = d.time(got[0]); err != nil {
		return false, err
	}
	x, err := whole(got[1])
	if err != nil {
		return false, fmt.Errorf("x is %.30q, want a whole number", got[1])
	}
	y, err := whole(got[2])
	if err != nil {
		return false, fmt.Errorf("y is %.30q, want a whole number", got[2])
	}
	if e.On, err = polarity(got[3]); err != nil {
		return false, err
	}
	if uint64(x) > math.MaxUint16 || uint64(y) > math.MaxUint16 {
		d.sum.Skipped.Outside++
		return false, nil
	}
	e.X, e.Y = uint16(x), uint16(y)
	return true, nil
}

// whole returns a whole number.
func whole(b []byte) (int64, error) {
	if len(b) > 0 && len(b) <= 18 && b[0] >= '0' && b[0] <= '9' { // the usual case
		v := int64(0)
		for i, c := range b {
			if c < '0' || c > '9' {
				break
			}
			if v = v*10 + int64(c-'0'); i == len(b)-1 {
				return v, nil
			}
		}
	}
	v, err := strconv.ParseInt(string(b), 10, 64)
	if err == nil {
		return v, nil
	}
	f, ferr := strconv.ParseFloat(string(b), 64)
	if ferr != nil || f != math.Trunc(f) || math.Abs(f) >= 1<<53 {
		return 0, err
	}
	return int64(f), nil // 3.0 and 1e3
}

// time returns a time in µs.
func (d *csv) time(b []byte) (int64, error) {
	if v, err := whole(b); err == nil {
		if d.unit == time.Microsecond {
			return v, nil
		}
		if v, ok := scaled(v, d.unit); ok {
			return v, nil
		}
		return 0, fmt.Errorf("t is %.30q, which is too much", b)
	}
	f, err := strconv.ParseFloat(string(b), 64)
	if err != nil || math.IsNaN(f) {
		return 0, fmt.Errorf("t is %.30q, want a number", b)
	}
	if d.unit == time.Microsecond {
		return 0, fmt.Errorf("t is %.30q, want a whole number of µs: give the unit of the times in Options.Unit", b)
	}
	v, ok := micros(f, d.unit)
	if !ok {
		return 0, fmt.Errorf("t is %.30q, which is too much", b)
	}
	return v, nil
}

// polarity reads 1, 0, −1, true or false.
func polarity(b []byte) (bool, error) {
	switch {
	case len(b) == 1 && (b[0] == '0' || b[0] == '1'):
		return b[0] == '1', nil
	case bytes.EqualFold(b, []byte("true")), bytes.EqualFold(b, []byte("on")):
		return true, nil
	case bytes.EqualFold(b, []byte("false")), bytes.EqualFold(b, []byte("off")):
		return false, nil
	}
	v, err := whole(b)
	if err != nil {
		return false, fmt.Errorf("p is %.30q, want 1, 0 or -1", b)
	}
	return v > 0, nil
}
