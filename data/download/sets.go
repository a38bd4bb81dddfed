package download

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// A Set is a data set as its authors offer it.
type Set struct {
	Name  string // as [ByName] takes it
	Title string
	Page  string // where its authors offer it; read there under which terms
	Files []File // an archive is unpacked where it gives something; none: see Page
}

const (
	mendeley = "https://data.mendeley.com/public-files/datasets/"
	figshare = "https://ndownloader.figshare.com/files/"
)

// Sets returns the data sets that are known. Sums are those that are published; where
// there are none, [Got] says what has come.
func Sets() []Set {
	return []Set{
		{"n-mnist", "N-MNIST: digits before an event camera", "https://www.garrickorchard.com/datasets/n-mnist", []File{
			{Name: "Train.zip", URLs: []string{mendeley + "468j46mzdv/files/39c25547-014b-4137-a934-9d29fa53c7a0/file_downloaded"}, MD5: "20959b8e626244a1b502305a9e6e2031", Gives: "Train"},
			{Name: "Test.zip", URLs: []string{mendeley + "468j46mzdv/files/05a4d654-7e03-4c15-bdfa-9bb2bcbea494/file_downloaded"}, MD5: "69ca8762b2fe404d9b9bad1103e97832", Gives: "Test"},
		}},
		{"n-caltech101", "N-Caltech101: pictures of 101 things before an event camera", "https://www.garrickorchard.com/datasets/n-caltech101", []File{
			{Name: "Caltech101.zip", URLs: []string{mendeley + "cy6cvx3ryv/files/36b5c52a-b49d-4853-addb-a836a8883e49/file_downloaded"}, MD5: "66201824eabb0239c7ab992480b50ba3", Gives: "Caltech101"},
		}},
		{"ncars", "N-CARS: cars and what is none, from a car", "https://www.prophesee.ai/2018/03/13/dataset-n-cars/", nil},
		{"dvs128-gesture", "DVS128 Gesture: hand gestures of 29 people", "https://ibm.ent.box.com/s/3hiq58ww1pbbjrinh367ykfdf60xsfm8", []File{
			{Name: "DvsGesture.tar.gz", MD5: "8a5c71fb11e24e5ca5b11866ca6c00a1", Gives: "DvsGesture"},
		}},
		{"cifar10-dvs", "CIFAR10-DVS: 10,000 pictures of CIFAR-10 before an event camera", "https://figshare.com/articles/dataset/CIFAR10-DVS_New/4724671", cifar10DVS()},
		{"asl-dvs", "ASL-DVS: letters of the American sign language", "https://github.com/PIX2NVS/NVS2Graph", []File{
			{Name: "ICCV2019_DVS_dataset.zip", Gives: "a"},
		}},
		{"st-mnist", "ST-MNIST: digits written on artificial skin", "https://scholarbank.nus.edu.sg/handle/10635/168106", nil},
		{"shd", "Spiking Heidelberg Digits: spoken digits as spikes of a cochlea", "https://zenkelab.org/datasets", heidelberg(map[string]string{
			"shd_train": "f3252aeb598ac776c1b526422d90eecb", "shd_test": "1503a5064faa34311c398fb0a1ed0a6f"}, "shd_train", "shd_test")},
		{"ssc", "Spiking Speech Commands: spoken words as spikes of a cochlea", "https://zenkelab.org/datasets", heidelberg(map[string]string{
			"ssc_train": "d102be95e7144fcc0553d1f45ba94170", "ssc_valid": "b4eee3516a4a90dd0c71a6ac23a8ae43", "ssc_test": "a35ff1e9cffdd02a20eb850c17c37748"}, "ssc_train", "ssc_valid", "ssc_test")},
		{"speech-commands", "Speech Commands, version 2: spoken words", "https://www.tensorflow.org/datasets/catalog/speech_commands", []File{
			{Name: "speech_commands_v0.02.tar.gz", URLs: []string{"https://download.tensorflow.org/data/speech_commands_v0.02.tar.gz", "https://storage.googleapis.com/download.tensorflow.org/data/speech_commands_v0.02.tar.gz"},
				Size: 2428923189, SHA256: "af14739ee7dc311471de98f5f9d2c9191b18aedfe957f4a6ff791c709868ff58", Gives: "testing_list.txt"},
		}},
	}
}

// heidelberg are files of SHD and SSC, each at two places.
func heidelberg(md5 map[string]string, names ...string) (out []File) {
	for _, name := range names {
		file := name + ".h5.zip"
		out = append(out, File{Name: file, URLs: []string{"https://zenkelab.org/datasets/" + file, "https://compneuro.net/datasets/" + file}, MD5: md5[name], Gives: name + ".h5"})
	}
	return out
}

// cifar10DVS are the archives of CIFAR10-DVS, one a class.
func cifar10DVS() (out []File) {
	for _, c := range [][3]string{
		{"airplane", "7712788", "0afd5c4bf9ae06af762a77b180354fdd"}, {"automobile", "7712791", "8438dfeba3bc970c94962d995b1b9bdd"},
		{"bird", "7712794", "a9c207c91c55b9dc2002dc21c684d785"}, {"cat", "7712812", "52c63c677c2b15fa5146a8daf4d56687"},
		{"deer", "7712815", "b6bf21f6c04d21ba4e23fc3e36c8a4a3"}, {"dog", "7712818", "f379ebdf6703d16e0a690782e62639c3"},
		{"frog", "7712842", "cad6ed91214b1c7388a5f6ee56d08803"}, {"horse", "7712851", "e7cbbf77bec584ffbf913f00e682782a"},
		{"ship", "7712836", "41c7bd7d6b251be82557c6cce9a7d5c9"}, {"truck", "7712839", "89f3922fd147d9aeff89e76a2b0b70a7"},
	} {
		out = append(out, File{Name: c[0] + ".zip", URLs: []string{figshare + c[1]}, MD5: c[2], Gives: c[0]})
	}
	return out
}

// ByName returns a data set by its name, or an error that has the names there are.
func ByName(name string) (Set, error) {
	var names []string
	for _, s := range Sets() {
		if s.Name == name {
			return s, nil
		}
		names = append(names, s.Name)
	}
	return Set{}, fmt.Errorf("download: no data set %.40q, want one of %s", name, strings.Join(names, ", "))
}

// Fetch gets the files of a data set into a folder and unpacks them there; what is there
// already stays. Files that are to be had by hand only, and lie in the folder as they
// come, are looked at and unpacked; an error says which are missing and on which page
// they are. Archives stay where they are.
func (s Set) Fetch(ctx context.Context, dir string, o Options) ([]Got, error) {
	if len(s.Files) == 0 {
		return nil, fmt.Errorf("download: %s: its authors ask who you are: get it by hand at %s", s.Name, s.Page)
	}
	var out []Got
	for _, f := range s.Files {
		there := filepath.Join(dir, f.Gives)
		if f.Gives != "" {
			if info, err := os.Stat(there); err == nil {
				out = append(out, Got{Path: there, Size: info.Size()})
				continue
			}
		}
		got, err := Get(ctx, f, dir, o)
		if err != nil {
			return out, fmt.Errorf("%w (%s is offered at %s)", err, s.Title, s.Page)
		}
		if out = append(out, got); f.Gives == "" {
			continue
		}
		if _, err := Unpack(ctx, got.Path, dir, o); err != nil {
			return out, err
		}
		if _, err := os.Stat(there); err != nil {
			return out, fmt.Errorf("download: %s has been unpacked, and %s is not there: %w", got.Path, there, err)
		}
	}
	return out, nil
}
