package recordings

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/spikegrad/spikegrad/internal/files"
)

// tenDigits are the names of folders, one a digit.
var tenDigits = []string{"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"}

func openNMNIST(dir string) (Folder, error) {
	out := Folder{Classes: tenDigits}
	for _, part := range []struct {
		folder, list string
		to           *[]Sample
	}{{"Train", "train.txt", &out.Train}, {"Test", "test.txt", &out.Test}} {
		f, err := inFolders(filepath.Join(dir, part.folder), tenDigits, ".bin")
		if errors.Is(err, fs.ErrNotExist) {
			e := error(nil)
			if f.Train, e = byList(dir, part.list, 10); errors.Is(e, fs.ErrNotExist) {
				e = fmt.Errorf("%s has neither a folder %s with folders 0 to 9 nor a list %s (%w)", dir, part.folder, part.list, err)
			}
			err = e
		}
		if err != nil {
			return Folder{}, err
		}
		*part.to = f.Train
	}
	return out, nil
}

func openNCARS(dir string) (Folder, error) {
	classes := []string{"background", "cars"}
	open := func(dir string) (Folder, error) { return inFolders(dir, classes, ".dat") }
	out, err := either(dir, []string{"n-cars_train", "train"}, open)
	if err != nil {
		return out, err
	}
	test, err := either(dir, []string{"n-cars_test", "test"}, open)
	out.Test = test.Train
	return out, err
}

func openCIFAR10(dir string) (Folder, error) {
	classes := []string{"airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"}
	all, err := inFolders(dir, classes, ".aedat", ".aedat4")
	if err != nil {
		return Folder{}, err
	}
	out := Folder{Classes: classes}
	for class := range classes {
		of := slices.DeleteFunc(slices.Clone(all.Train), func(s Sample) bool { return s.Label != class })
		n := len(of) - len(of)/10
		out.Train, out.Test = append(out.Train, of[:n]...), append(out.Test, of[n:]...)
	}
	return out, nil
}

func openASL(dir string) (Folder, error) {
	var letters []string
	for c := 'a'; c <= 'y'; c++ {
		if c != 'j' { // j and z are movements
			letters = append(letters, string(c))
		}
	}
	return inFolders(dir, letters, ".mat")
}

func openTactile(dir string) (Folder, error) {
	f, err := inFolders(dir, tenDigits, ".mat")
	f.Train = slices.DeleteFunc(f.Train, func(s Sample) bool { // tables beside the recordings
		return strings.Contains(strings.ToUpper(filepath.Base(s.Path)), "LUT")
	})
	return f, err
}

// openSpeech parts the words by the lists of files to validate and to test with.
func openSpeech(dir string) (Folder, error) {
	all, err := eachFolder(dir, ".wav")
	if err != nil {
		return Folder{}, err
	}
	out := Folder{Classes: all.Classes}
	where := map[string]*[]Sample{}
	for _, part := range []struct {
		list string
		to   *[]Sample
	}{{"validation_list.txt", &out.Validate}, {"testing_list.txt", &out.Test}} {
		err := eachLine(filepath.Join(dir, part.list), func(line string) error {
			if where[line] != nil {
				return fmt.Errorf("is %.60q, which is in the other list or comes twice", line)
			}
			where[line] = part.to
			return nil
		})
		if err != nil {
			return Folder{}, err
		}
	}
	for _, s := range all.Train {
		name := out.Classes[s.Label] + "/" + filepath.Base(s.Path)
		to := where[name]
		if to == nil {
			to = &out.Train
		}
		*to = append(*to, s)
		delete(where, name)
	}
	for _, name := range slices.Sorted(maps.Keys(where)) {
		return Folder{}, fmt.Errorf("%s has no file %.60q, which a list names: %w", dir, name, fs.ErrNotExist)
	}
	return out, nil
}

// eachLine calls do with every line of a file that has something, without what is white
// around it. An error names the line.
func eachLine(path string, do func(line string) error) error {
	f, _, err := files.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for n := 1; lines.Scan(); n++ {
		if line := strings.Trim(lines.Text(), files.Space); line != "" {
			if err := do(line); err != nil {
				return fmt.Errorf("%s: line %d %w", path, n, err)
			}
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

// byList returns the files that a list of lines "number class" names.
func byList(dir, name string, classes int) (out []Sample, err error) {
	path := filepath.Join(dir, name)
	err = eachLine(path, func(line string) error {
		words := strings.Fields(line)
		if len(words) != 2 {
			return fmt.Errorf("is %.40q, want a number and a class", line)
		}
		number, err1 := strconv.ParseUint(words[0], 10, 32)
		class, err2 := strconv.ParseUint(words[1], 10, 31)
		if err1 != nil || err2 != nil || class >= uint64(classes) {
			return fmt.Errorf("is %.40q, want a number and a class from 0 to %d", line, classes-1)
		}
		out = append(out, Sample{Path: filepath.Join(dir, strconv.FormatUint(number, 10)+".bin"), Label: int(class)})
		return nil
	})
	if err == nil && len(out) == 0 {
		err = fmt.Errorf("%s is empty", path)
	}
	return out, err
}
