package recordings

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// OpenFolders finds recordings in folders whose names are their classes, of a set that no
// [Set] stands for:
//
//	dir/airplane/0.aedat …
//	dir/automobile/…
//
// The classes are the folders in the order of their names, but for those that begin with
// a dot or a line, and the recordings, all in Train, the files in them whose names end in
// extension, ".aedat", in the order of theirs, in which numbers count as such. It looks
// for the files and opens none; an error says that a folder has none.
func OpenFolders(dir, extension string) (Folder, error) {
	f, err := eachFolder(dir, extension)
	if err != nil {
		return Folder{}, fmt.Errorf("recordings: folders: %w", err)
	}
	return f, nil
}

func eachFolder(dir, extension string) (Folder, error) {
	names, err := foldersIn(dir)
	if err != nil {
		return Folder{}, err
	}
	return inFolders(dir, names, extension)
}

// foldersIn returns the names of the folders in a folder.
func foldersIn(dir string) (names []string, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		if isFolder(dir, e) && !strings.HasPrefix(e.Name(), ".") && !strings.HasPrefix(e.Name(), "_") {
			names = append(names, e.Name())
		}
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("%s has no folders, want one for each class: %w", dir, fs.ErrNotExist)
	}
	slices.SortFunc(names, natural)
	return names, nil
}

// isFolder reports whether an entry is a folder, or a link to one.
func isFolder(dir string, e fs.DirEntry) bool {
	if e.Type()&fs.ModeSymlink == 0 {
		return e.IsDir()
	}
	info, err := os.Stat(filepath.Join(dir, e.Name()))
	return err == nil && info.IsDir()
}

// inFolders returns the files in folders of these names, each of which is a class, by the
// first of the extensions that a folder has.
func inFolders(dir string, classes []string, extensions ...string) (Folder, error) {
	f := Folder{Classes: classes}
	for class, name := range classes {
		found, err := inFolder(filepath.Join(dir, name), class, extensions...)
		if err != nil {
			return Folder{}, err
		}
		f.Train = append(f.Train, found...)
	}
	return f, nil
}

// inFolder returns the files of a folder, which are all of one class.
func inFolder(dir string, class int, extensions ...string) (out []Sample, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	for _, ext := range extensions {
		for _, e := range entries {
			name := e.Name()
			if !isFolder(dir, e) && !strings.HasPrefix(name, ".") && strings.HasSuffix(strings.ToLower(name), strings.ToLower(ext)) {
				out = append(out, Sample{Path: filepath.Join(dir, name), Label: class})
			}
		}
		if len(out) > 0 {
			slices.SortFunc(out, func(a, b Sample) int { return natural(a.Path, b.Path) })
			return out, nil
		}
	}
	return nil, fmt.Errorf("%s has no %s files: %w", dir, strings.Join(extensions, " or "), fs.ErrNotExist)
}

// natural compares names so that a10 comes after a9.
func natural(a, b string) int {
	whole, other := a, b
	for a != "" && b != "" {
		n, m := digits(a), digits(b)
		if n == 0 || m == 0 {
			if a[0] != b[0] {
				return cmp.Compare(a[0], b[0])
			}
			a, b = a[1:], b[1:]
			continue
		}
		x, y := strings.TrimLeft(a[:n], "0"), strings.TrimLeft(b[:m], "0")
		if c := cmp.Or(cmp.Compare(len(x), len(y)), cmp.Compare(x, y)); c != 0 {
			return c
		}
		a, b = a[n:], b[m:]
	}
	return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(whole, other))
}

// digits returns how many digits a text begins with.
func digits(s string) int {
	n := 0
	for n < len(s) && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	return n
}

// either returns what the first of some folders has that is there.
func either(dir string, names []string, open func(dir string) (Folder, error)) (Folder, error) {
	for _, name := range names {
		f, err := open(filepath.Join(dir, name))
		if !errors.Is(err, fs.ErrNotExist) {
			return f, err
		}
		if _, e := os.Stat(filepath.Join(dir, name)); e == nil {
			return f, err // it is there, and something in it is not
		}
	}
	return Folder{}, fmt.Errorf("%s has no folder %s: %w", dir, strings.Join(names, " or "), fs.ErrNotExist)
}
