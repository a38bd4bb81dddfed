package download

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"github.com/spikegrad/spikegrad/internal/files"
)

// A part is what has come of a file, and what is known of where it has come from, which
// is in a file of its own, so that another process can go on.
type part struct {
	path    string
	file    *os.File // while somebody writes
	n       int64    // bytes that are there
	origin  origin
	resumed bool // whether the last answer went on with it
	judged  sums
}

// An origin is what a server said of a file.
type origin struct {
	URL      string
	ETag     string `json:",omitempty"`
	Modified string `json:",omitempty"`
	Size     int64  `json:",omitempty"`
}

// size returns how much is there.
func (p *part) size() int64 {
	info, err := os.Stat(p.path)
	if err != nil || !info.Mode().IsRegular() {
		return 0
	}
	return info.Size()
}

// open opens the part for writing behind what it has.
func (p *part) open() error {
	f, info, err := files.OpenFile(p.path, os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		return err
	}
	p.file, p.n, p.origin, p.resumed = f, info.Size(), origin{}, false
	if b, err := files.ReadFile(p.path + ".json"); err == nil && len(b) < 1<<16 {
		if json.Unmarshal(b, &p.origin) != nil {
			p.origin = origin{}
		}
	}
	if p.origin.Size > 0 && p.n > p.origin.Size {
		return p.reset()
	}
	_, err = f.Seek(p.n, io.SeekStart)
	return err
}

func (p *part) close() {
	if p.file != nil {
		p.file.Close()
		p.file = nil
	}
}

// reset empties the part.
func (p *part) reset() error {
	p.n, p.origin = 0, origin{}
	if err := p.file.Truncate(0); err != nil {
		return err
	}
	_, err := p.file.Seek(0, io.SeekStart)
	return err
}

// discard removes what is there: it is of no use.
func (p *part) discard() {
	p.close()
	p.n, p.origin = 0, origin{}
	os.Remove(p.path)
	os.Remove(p.path + ".json")
}

// ask asks for what is missing. Where the server's file is known by a tag or its date, it
// is asked for if it is still the same; else, if there is a sum to tell, as it is.
func (p *part) ask(req *http.Request, url string, sum bool) {
	same := ""
	if p.origin.URL == url {
		if same = p.origin.ETag; same == "" || strings.HasPrefix(same, "W/") { // a weak tag does not stand for bytes
			same = p.origin.Modified
		}
	}
	if p.n == 0 || same == "" && !(sum && p.origin.Size > 0) {
		return
	}
	req.Header.Set("Range", fmt.Sprintf("bytes=%d-", p.n))
	if same != "" {
		req.Header.Set("If-Range", same)
	}
}

// begin makes room for a file from its first byte, and writes down where it comes from.
func (p *part) begin(resp *http.Response, url string, size int64) error {
	if err := p.reset(); err != nil {
		return err
	}
	p.origin = origin{URL: url, ETag: resp.Header.Get("ETag"), Modified: resp.Header.Get("Last-Modified"), Size: size}
	return files.Replace(p.path+".json", func(w io.Writer) error { return json.NewEncoder(w).Encode(p.origin) })
}

// goesOn returns the length of the whole file, if an answer is what is missing of it.
func (p *part) goesOn(resp *http.Response, url string) (int64, error) {
	var from, to, size int64
	text := resp.Header.Get("Content-Range")
	if n, err := fmt.Sscanf(text, "bytes %d-%d/%d", &from, &to, &size); err != nil || n != 3 {
		return 0, fmt.Errorf("its answer is a part %.40q", text)
	}
	switch tag := resp.Header.Get("ETag"); {
	case from != p.n || to != size-1 || to < from:
		return 0, fmt.Errorf("asked for what is behind byte %d, it answers %.60q", p.n, text)
	case p.origin.Size > 0 && size != p.origin.Size:
		return 0, fmt.Errorf("it has %d bytes, and had %d", size, p.origin.Size)
	case p.origin.URL == url && tag != "" && p.origin.ETag != "" && tag != p.origin.ETag:
		return 0, errors.New("its tag has changed")
	case resp.ContentLength >= 0 && resp.ContentLength != to-from+1:
		return 0, fmt.Errorf("it answers %d bytes for %.60q", resp.ContentLength, text)
	}
	p.resumed = true
	return size, nil
}

func (p *part) write(b []byte) error {
	k, err := p.file.Write(b)
	p.n += int64(k)
	return err
}

// finish gives the part, which has been judged, its name.
func (p *part) finish(path string) (Got, error) {
	f, err := os.OpenFile(p.path, os.O_RDWR, 0)
	if err != nil {
		return Got{}, err
	}
	err = f.Sync()
	if e := f.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = os.Rename(p.path, path)
	}
	if err != nil {
		return Got{}, err
	}
	os.Remove(p.path + ".json")
	return Got{Path: path, Size: p.judged.size, SHA256: p.judged.sha256}, files.SyncDir(filepath.Dir(path))
}
