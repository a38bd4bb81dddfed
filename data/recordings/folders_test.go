package recordings_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/spikegrad/spikegrad/data/download"
	"github.com/spikegrad/spikegrad/data/events"
	"github.com/spikegrad/spikegrad/data/events/eventstest"
	"github.com/spikegrad/spikegrad/data/recordings"
)

const ms = time.Millisecond

// put writes a file below a folder.
func put(t *testing.T, dir, name string, b []byte) {
	t.Helper()
	path := filepath.Join(dir, filepath.FromSlash(name))
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
	require.NoError(t, os.WriteFile(path, b, 0o600))
}

// names returns where samples are below a folder, and their labels.
func names(t *testing.T, dir string, samples []recordings.Sample) (out []string) {
	t.Helper()
	for _, s := range samples {
		rel, err := filepath.Rel(dir, s.Path)
		require.NoError(t, err)
		out = append(out, fmt.Sprintf("%s %d", filepath.ToSlash(rel), s.Label))
	}
	return out
}

func TestOpenFolders(t *testing.T) {
	dir := t.TempDir()
	_, err := recordings.OpenFolders(dir, ".dat")
	require.EqualError(t, err, "recordings: folders: "+dir+" has no folders, want one for each class: file does not exist")
	for _, name := range []string{"cars/b10.DAT", "cars/b9.dat", "cars/a.dat", "cars/b09.dat", "cars/note.txt", "cars/._a.dat", "background/c.dat", ".cache/d.dat", "_noise_/d.dat", "readme.dat"} {
		put(t, dir, name, eventstest.DAT(eventstest.Some(20, 304, 240, 0)))
	}
	f, err := recordings.OpenFolders(dir, ".dat")
	require.NoError(t, err)
	require.Equal(t, []string{"background", "cars"}, f.Classes)
	require.Equal(t, []string{"background/c.dat 0", "cars/a.dat 1", "cars/b09.dat 1", "cars/b9.dat 1", "cars/b10.DAT 1"}, names(t, dir, f.Train))
	require.Nil(t, f.Test)
	d, err := recordings.New(f.Train, recordings.Params{Bins: events.Bins{Dt: ms, Steps: 3}})
	require.NoError(t, err)
	require.Equal(t, []int{3, 2, 240, 304}, d.Shape())
	_, err = recordings.OpenFolders(dir, ".aedat")
	require.EqualError(t, err, "recordings: folders: "+filepath.Join(dir, "background")+" has no .aedat files: file does not exist")
	_, err = recordings.OpenFolders(filepath.Join(dir, "none"), ".dat")
	require.ErrorIs(t, err, os.ErrNotExist)
}

// reads holds every sample to give the events that the test wrote, as many as counts of
// them says.
func reads(t *testing.T, f recordings.Folder, samples []recordings.Sample, width, height int, counts ...int) {
	t.Helper()
	d, err := recordings.New(samples, recordings.Params{Options: f.Options, Bins: events.Bins{Dt: time.Second, Steps: 10}, Classes: len(f.Classes)})
	require.NoError(t, err)
	require.Equal(t, []int{10, 2, height, width}, d.Shape())
	for i, want := range counts {
		es, label, err := d.Events(i, nil)
		require.NoError(t, err)
		require.Equal(t, samples[i].Label, label)
		require.Len(t, es, want, samples[i].Path)
	}
}

// Each set as its authors give it, in its own format.
func TestSets(t *testing.T) {
	letters := strings.Split("a b c d e f g h i k l m n o p q r s t u v w x y", " ")
	pictures := []string{"airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"}
	digits := strings.Split("0123456789", "")
	for set, c := range map[recordings.Set]struct {
		write       func(dir string)
		below       string // a folder in which archives have it
		train, test []string
		classes     []string
		w, h        int
	}{
		recordings.NMNIST: {func(dir string) {
			for _, d := range digits {
				put(t, dir, "Train/"+d+"/00002.bin", eventstest.Bin(eventstest.Some(30, 34, 34, 0)))
				put(t, dir, "Test/"+d+"/00011.bin", eventstest.Bin(eventstest.Some(31, 34, 34, 0)))
				put(t, dir, "Test/"+d+"/00004.bin", eventstest.Bin(eventstest.Some(30, 34, 34, 0)))
			}
		}, "", []string{"Train/0/00002.bin 0", "Train/1/00002.bin 1"}, []string{"Test/0/00004.bin 0", "Test/0/00011.bin 0", "Test/1/00004.bin 1"}, digits, 34, 34},
		recordings.NCaltech101: {func(dir string) {
			put(t, dir, "BACKGROUND_Google/image_0001.bin", eventstest.Bin(eventstest.Some(30, 200, 170, 0)))
			put(t, dir, "yin_yang/image_0001.bin", eventstest.Bin(eventstest.Some(30, 200, 170, 0)))
		}, "Caltech101", []string{"BACKGROUND_Google/image_0001.bin 0", "yin_yang/image_0001.bin 1"}, nil, []string{"BACKGROUND_Google", "yin_yang"}, 240, 180},
		recordings.NCARS: {func(dir string) {
			put(t, dir, "n-cars_train/cars/obj_0_td.dat", eventstest.DAT(eventstest.Some(30, 78, 42, 0)))
			put(t, dir, "n-cars_train/background/obj_1_td.dat", eventstest.DAT(eventstest.Some(30, 120, 100, 0)))
			put(t, dir, "n-cars_test/cars/obj_2_td.dat", eventstest.DAT(eventstest.Some(30, 78, 42, 0)))
			put(t, dir, "n-cars_test/background/obj_3_td.dat", eventstest.DAT(eventstest.Some(30, 78, 42, 0)))
		}, "Prophesee_Dataset_n_cars", []string{"n-cars_train/background/obj_1_td.dat 0", "n-cars_train/cars/obj_0_td.dat 1"},
			[]string{"n-cars_test/background/obj_3_td.dat 0", "n-cars_test/cars/obj_2_td.dat 1"}, []string{"background", "cars"}, 120, 100},
		recordings.CIFAR10DVS: {func(dir string) {
			for _, p := range pictures {
				for i := range 11 {
					put(t, dir, fmt.Sprintf("%s/cifar10_%s_%d.aedat", p, p, i), eventstest.AEDAT2("DVS128")(eventstest.Some(30, 128, 128, 0)))
				}
			}
		}, "", []string{"airplane/cifar10_airplane_0.aedat 0", "airplane/cifar10_airplane_1.aedat 0", "airplane/cifar10_airplane_2.aedat 0"},
			[]string{"airplane/cifar10_airplane_10.aedat 0", "automobile/cifar10_automobile_10.aedat 1"}, pictures, 128, 128},
		recordings.ASLDVS: {func(dir string) {
			for _, l := range letters {
				put(t, dir, l+"/"+l+"_0001.mat", eventstest.MAT(true)(eventstest.Some(30, 240, 180, 0)))
			}
		}, "", []string{"a/a_0001.mat 0", "b/b_0001.mat 1"}, nil, letters, 240, 180},
		recordings.STMNIST: {func(dir string) {
			for _, d := range digits {
				put(t, dir, d+"/1.mat", eventstest.Taxels(eventstest.Some(30, 10, 10, 0)))
				put(t, dir, d+"/LUT_1.mat", []byte("a table"))
			}
		}, "data_submission", []string{"0/1.mat 0", "1/1.mat 1"}, nil, digits, 10, 10},
	} {
		for _, below := range []string{"", c.below} {
			dir := t.TempDir()
			at := filepath.Join(dir, below)
			c.write(at)
			f, err := set.Open(dir)
			require.NoError(t, err)
			require.Equal(t, c.classes, f.Classes)
			require.Equal(t, c.train, names(t, at, f.Train)[:len(c.train)])
			require.Equal(t, c.test, append([]string(nil), names(t, at, f.Test)[:len(c.test)]...))
			reads(t, f, f.Train, c.w, c.h, 30, 30)
			if set == recordings.CIFAR10DVS {
				require.Equal(t, []int{100, 10}, []int{len(f.Train), len(f.Test)})
			}
		}
	}
	// Every set says where it is offered, as package download does by the same name.
	for _, set := range []recordings.Set{recordings.NMNIST, recordings.NCaltech101, recordings.NCARS, recordings.DVSGesture,
		recordings.CIFAR10DVS, recordings.ASLDVS, recordings.STMNIST, recordings.SpeechCommands} {
		info, err := download.ByName(string(set))
		require.NoError(t, err)
		for _, dir := range []string{t.TempDir(), filepath.Join(t.TempDir(), "none")} {
			_, err = set.Open(dir)
			require.ErrorIs(t, err, os.ErrNotExist)
			require.ErrorContains(t, err, dir)
			require.True(t, strings.HasSuffix(err.Error(), ": its authors offer it at "+info.Page), "%v", err)
		}
	}
	_, err := recordings.Set("mnist").Open("")
	require.EqualError(t, err, `recordings: no data set "mnist"`)
	_, err = recordings.OpenSHD(filepath.Join(t.TempDir(), "shd_train.h5"))
	require.ErrorIs(t, err, os.ErrNotExist)
	info, err2 := download.ByName("shd")
	require.NoError(t, err2)
	require.ErrorContains(t, err, "the authors offer the files at "+info.Page)
}

// The other way in which N-MNIST lies in a folder: lists.
func TestLists(t *testing.T) {
	dir := t.TempDir()
	_, err := recordings.NMNIST.Open(dir)
	require.ErrorContains(t, err, "recordings: n-mnist: "+dir+" has neither a folder Train with folders 0 to 9 nor a list train.txt")
	put(t, dir, "train.txt", []byte("\ufeff7 3\r\n\n60001 0\n"))
	_, err = recordings.NMNIST.Open(dir)
	require.ErrorContains(t, err, "has neither a folder Test with folders 0 to 9 nor a list test.txt")
	put(t, dir, "test.txt", []byte("12 9\n"))
	f, err := recordings.NMNIST.Open(dir)
	require.NoError(t, err)
	require.Equal(t, []string{"7.bin 3", "60001.bin 0"}, names(t, dir, f.Train))
	require.Equal(t, []string{"12.bin 9"}, names(t, dir, f.Test))
	for text, want := range map[string]string{
		"":                         "is empty",
		"1\n":                      `line 1 is "1", want a number and a class`,
		"1 2\nx 3":                 `line 2 is "x 3", want a number and a class from 0 to 9`,
		"1 10":                     `line 1 is "1 10", want a number and a class from 0 to 9`,
		"../1 3":                   `line 1 is "../1 3", want a number and a class from 0 to 9`,
		strings.Repeat("1", 1<<17): "token too long",
	} {
		put(t, dir, "test.txt", []byte(text))
		_, err := recordings.NMNIST.Open(dir)
		require.ErrorContains(t, err, want)
	}
	require.NoError(t, os.Remove(filepath.Join(dir, "test.txt")))
	for _, d := range strings.Split("012356789", "") {
		put(t, dir, "Test/"+d+"/1.bin", nil)
	}
	_, err = recordings.NMNIST.Open(dir)
	require.ErrorContains(t, err, filepath.Join(dir, "Test", "4")+": no such file")
}

// Words, of which lists say what they are for.
func TestSpeech(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"no/b_nohash_0.wav", "no/a_nohash_1.wav", "no/a_nohash_0.wav", "yes/a_nohash_0.wav", "yes/c_nohash_0.wav", "_background_noise_/tap.wav"} {
		put(t, dir, name, nil)
	}
	_, err := recordings.SpeechCommands.Open(dir)
	require.ErrorIs(t, err, os.ErrNotExist)
	require.ErrorContains(t, err, "validation_list.txt")
	require.ErrorContains(t, err, "its authors offer it at https://www.tensorflow.org/datasets/catalog/speech_commands")
	put(t, dir, "validation_list.txt", []byte("no/b_nohash_0.wav\n"))
	put(t, dir, "testing_list.txt", []byte("yes/a_nohash_0.wav\nno/a_nohash_1.wav"))
	f, err := recordings.SpeechCommands.Open(dir)
	require.NoError(t, err)
	require.Equal(t, []string{"no", "yes"}, f.Classes)
	require.Equal(t, []string{"no/a_nohash_0.wav 0", "yes/c_nohash_0.wav 1"}, names(t, dir, f.Train))
	require.Equal(t, []string{"no/b_nohash_0.wav 0"}, names(t, dir, f.Validate))
	require.Equal(t, []string{"no/a_nohash_1.wav 0", "yes/a_nohash_0.wav 1"}, names(t, dir, f.Test))
	for text, want := range map[string]string{
		"yes/none.wav":                           `has no file "yes/none.wav", which a list names`,
		"no/b_nohash_0.wav":                      `testing_list.txt: line 1 is "no/b_nohash_0.wav", which is in the other list or comes twice`,
		"yes/a_nohash_0.wav\nyes/a_nohash_0.wav": `line 2 is "yes/a_nohash_0.wav", which is in the other list or comes twice`,
	} {
		put(t, dir, "testing_list.txt", []byte(text))
		_, err := recordings.SpeechCommands.Open(dir)
		require.ErrorContains(t, err, want)
	}
}
