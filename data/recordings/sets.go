package recordings

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spikegrad/spikegrad/data/events"
)

// A Set is a data set of recordings in folders, as its authors give it. Its text is the
// name by which [download.ByName] gets it.
//
// [download.ByName]: https://pkg.go.dev/github.com/spikegrad/spikegrad/data/download#ByName
type Set string

// The data sets. SHD and SSC are files of their own: see [OpenSHD].
const (
	// NMNIST is the digits of MNIST as a camera saw them while it moved in three jerks of
	// about 105 ms, 34 × 34 pixels: Train and Test with a folder for each digit, or some
	// of the files with lists train.txt and test.txt, a line "number class" each.
	//
	// G. Orchard et al., Frontiers in Neuroscience 9 (2015), 437.
	NMNIST Set = "n-mnist"
	// NCaltech101 is pictures of 101 kinds of things, before the same camera. Its authors
	// have not parted it.
	NCaltech101 Set = "n-caltech101"
	// NCARS is cutouts of cars and of what is none, at most 120 × 100 pixels, 100 ms
	// each: n-cars_train and n-cars_test with folders background and cars.
	//
	// A. Sironi et al., CVPR (2018), 1731.
	NCARS Set = "ncars"
	// DVSGesture is 11 gestures of 29 people in three lights, 128 × 128 pixels: a file
	// for each person and light, of which trials_to_train.txt and trials_to_test.txt say
	// which is for what, and *_labels.csv which gesture is where. Each row is a sample,
	// cut out as it says: some end after the next begins. Each reads all of its file:
	// keep the spikes, by Dataset.Cache.
	//
	// A. Amir et al., CVPR (2017), 7388.
	DVSGesture Set = "dvs128-gesture"
	// CIFAR10DVS is 1,000 pictures of each class of CIFAR-10 on a screen before a DVS128.
	// Its authors have not parted it: here Train is the first nine tenths of each class
	// and Test the others, as in many papers. Others test on the first tenth, which gives
	// other figures.
	//
	// H. Li et al., Frontiers in Neuroscience 11 (2017), 309.
	CIFAR10DVS Set = "cifar10-dvs"
	// ASLDVS is 24 letters of the American sign language, 240 × 180 pixels, 4,200
	// recordings each, not parted. Rows count as the files have them; some readers turn
	// the pictures over, as [events.FlipY] does.
	//
	// Y. Bi et al., ICCV (2019), 491.
	ASLDVS Set = "asl-dvs"
	// STMNIST is digits written on artificial skin of 10 × 10 sensors, not parted.
	//
	// H. H. See et al., ST-MNIST: the spiking tactile MNIST dataset (2020).
	STMNIST Set = "st-mnist"
	// SpeechCommands is 35 words as WAV files of a second, a folder for each, of which
	// validation_list.txt and testing_list.txt name some. Params.Open opens them.
	//
	// P. Warden, Speech commands (2018), arXiv:1804.03209.
	SpeechCommands Set = "speech-commands"
)

// A Folder is what there is of a data set.
type Folder struct {
	Classes               []string // their names, by label
	Train, Validate, Test []Sample // nil where the authors have no such part
	Options               events.Options
}

// A layout is how the files of a set lie.
type layout struct {
	title string
	page  string // where its authors offer it
	below string // the folder in which archives have it, if they do
	o     events.Options
	open  func(dir string) (Folder, error)
}

var layouts = map[Set]layout{
	NMNIST: {"N-MNIST", "https://www.garrickorchard.com/datasets/n-mnist", "", events.Options{Width: 34, Height: 34}, openNMNIST},
	NCaltech101: {"N-Caltech101", "https://www.garrickorchard.com/datasets/n-caltech101", "Caltech101", events.Options{Width: 240, Height: 180},
		func(dir string) (Folder, error) { return eachFolder(dir, ".bin") }},
	NCARS:      {"N-CARS", "https://www.prophesee.ai/2018/03/13/dataset-n-cars/", "Prophesee_Dataset_n_cars", events.Options{Width: 120, Height: 100}, openNCARS},
	DVSGesture: {"DVS128 Gesture", "https://ibm.ent.box.com/s/3hiq58ww1pbbjrinh367ykfdf60xsfm8", "DvsGesture", events.Options{Width: 128, Height: 128}, openGesture},
	CIFAR10DVS: {"CIFAR10-DVS", "https://figshare.com/articles/dataset/CIFAR10-DVS_New/4724671", "", events.Options{Width: 128, Height: 128, Camera: "DVS128"}, openCIFAR10},
	ASLDVS:     {"ASL-DVS", "https://github.com/PIX2NVS/NVS2Graph", "", events.Options{Width: 240, Height: 180}, openASL},
	STMNIST:    {"ST-MNIST", "https://scholarbank.nus.edu.sg/handle/10635/168106", "data_submission", events.Options{Width: 10, Height: 10}, openTactile},
	SpeechCommands: {"Speech Commands", "https://www.tensorflow.org/datasets/catalog/speech_commands", "", events.Options{},
		openSpeech},
}

// Open finds the recordings of a data set below a folder, unpacked as [Set] says, and
// opens none. An error names what is missing, and where the authors offer it. Options of
// the Folder are what the files do not say, for Params.
func (s Set) Open(dir string) (Folder, error) {
	l, ok := layouts[s]
	if !ok {
		return Folder{}, fmt.Errorf("recordings: no data set %.40q", string(s))
	}
	if below := filepath.Join(dir, l.below); l.below != "" {
		if _, err := os.Stat(below); err == nil {
			dir = below
		}
	}
	f, err := l.open(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return Folder{}, fmt.Errorf("recordings: %s: %w: its authors offer it at %s", strings.ToLower(l.title), err, l.page)
	}
	if err != nil {
		return Folder{}, fmt.Errorf("recordings: %s: %w", strings.ToLower(l.title), err)
	}
	f.Options = l.o
	return f, nil
}
