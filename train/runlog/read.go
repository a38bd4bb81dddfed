package runlog

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/spikegrad/spikegrad/internal/describe"
	"github.com/spikegrad/spikegrad/internal/files"
)

// A Log is what a file log.jsonl holds.
type Log struct {
	Batches   []Batch
	Epochs    []Epoch
	Diagnoses []Diagnosis // of the Doctor, if there was one
}

// Read reads a log, the file log.jsonl of a Folder. A last line that is torn, as
// when the process was killed or the power failed while it was written, is left
// out. An error says which line is no line of a log.
func Read(path string) (Log, error) {
	var l Log
	f, _, err := files.Open(path)
	if err != nil {
		return l, fmt.Errorf("runlog: %w", err)
	}
	defer f.Close()
	_, err = scan(f, func(ln line) bool {
		switch {
		case ln.batch != nil:
			l.Batches = append(l.Batches, *ln.batch)
		case ln.epoch != nil:
			l.Epochs = append(l.Epochs, *ln.epoch)
		default:
			l.Diagnoses = append(l.Diagnoses, *ln.diagnosis)
		}
		return true
	})
	if err != nil {
		return l, fmt.Errorf("runlog: %s: %w", path, err)
	}
	return l, nil
}

// maxLine bounds the bytes of a line.
const maxLine = 1 << 24

// scan calls keep with each line of a log, until it returns false. size is that
// of the lines for which it returned true. What comes after the last end of a
// line is left out. An error tells of the first line that cannot be read.
func scan(r io.Reader, keep func(line) bool) (size int64, err error) {
	in := bufio.NewReaderSize(r, 1<<16)
	for number := 1; ; number++ {
		text, err := readLine(in)
		if errors.Is(err, io.EOF) {
			return size, nil
		}
		if err != nil {
			return size, fmt.Errorf("line %d: %w", number, err)
		}
		l, err := parseLine(text)
		if err != nil {
			return size, fmt.Errorf("line %d: %w", number, describe.Short(err))
		}
		if !keep(l) {
			return size, nil
		}
		size += int64(len(text)) + 1
	}
}

// readLine returns the next line without its end. At the end of the file, or where
// the end of the line is missing, the error is io.EOF.
func readLine(in *bufio.Reader) ([]byte, error) {
	var text []byte
	for {
		part, err := in.ReadSlice('\n')
		text = append(text, part...)
		switch {
		case len(text) > maxLine:
			return nil, fmt.Errorf("it has more than %d bytes", maxLine)
		case err == nil:
			return bytes.TrimSuffix(text, []byte("\n")), nil
		case !errors.Is(err, bufio.ErrBufferFull):
			return nil, err
		}
	}
}
