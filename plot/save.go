package plot

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// CheckDir creates a folder, with those above it, and writes and removes a file in
// it: call it before a long training, so that its pictures have a place to go.
func CheckDir(dir string) error {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return fmt.Errorf("plot: check dir: %w", err)
	}
	f, err := os.CreateTemp(dir, ".write-*.tmp")
	if err != nil {
		return fmt.Errorf("plot: check dir: cannot write: %w", err)
	}
	_, err = f.WriteString("1")
	for _, e := range []error{f.Close(), os.Remove(f.Name())} {
		if err == nil {
			err = e
		}
	}
	if err != nil {
		return fmt.Errorf("plot: check dir: cannot write: %w", err)
	}
	return nil
}

// Save writes a figure to name.png and name.svg in dir, which it creates if need
// be. The files appear whole: they are written under temporary names and renamed.
// After an error none of the temporary ones is left.
func Save(dir, name string, fig Figure) error {
	if name == "" || name == "." || name == ".." || strings.ContainsAny(name, "/\\\x00") {
		return fmt.Errorf("plot: save: name is %q, want the name of a file without folders and extension", name)
	}
	png, svg, err := fig.render()
	if err != nil {
		return fmt.Errorf("plot: save %s: %w", name, err)
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return fmt.Errorf("plot: save %s: %w", name, err)
	}
	// Both are on the disk before either gets its name.
	var tmp [2]string
	for i, content := range [][]byte{png, svg} {
		if tmp[i], err = writeTemp(dir, content); err != nil {
			break
		}
	}
	if err == nil {
		err = os.Rename(tmp[0], filepath.Join(dir, name+".png"))
	}
	if err == nil {
		err = os.Rename(tmp[1], filepath.Join(dir, name+".svg"))
	}
	if err != nil {
		for _, t := range tmp {
			if t != "" {
				os.Remove(t) // gone already if it was renamed
			}
		}
		return fmt.Errorf("plot: save %s: %w", name, err)
	}
	return nil
}

// writeTemp writes a new file in dir and returns its path.
func writeTemp(dir string, content []byte) (path string, err error) {
	f, err := os.CreateTemp(dir, ".plot-*.tmp")
	if err != nil {
		return "", err
	}
	_, err = f.Write(content)
	// Pictures are for all to see, and temporary files are made for their owner only.
	for _, e := range []error{f.Chmod(0o644), f.Close()} {
		if err == nil {
			err = e
		}
	}
	if err != nil {
		os.Remove(f.Name())
		return "", err
	}
	return f.Name(), nil
}
