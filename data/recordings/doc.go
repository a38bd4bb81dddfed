// Package recordings makes data sets of recordings that lie in folders: of event cameras,
// of microphones, of whatever package data/events, or a function of the user's, opens.
//
// A [Set] knows how the files of a published data set lie as their authors give them;
// [Set.Open] finds them and reads none. [New] is a data set of them, as spikes for a
// network, [OpenSHD] one of the Spiking Heidelberg Digits or Speech Commands:
//
//	folder, err := recordings.NMNIST.Open("data/n-mnist")
//	if err != nil {
//		return err // what is missing, and where the authors offer it
//	}
//	train, err := recordings.New(folder.Train, recordings.Params{
//		Options: folder.Options,
//		Bins:    events.Bins{Dt: 10 * time.Millisecond, Steps: 32},
//	})
//
// [Dataset.Cache] reads all of a data set on all processors and keeps the spikes in a
// file, for this and later trainings.
//
// Package data/download gets what is missing.
package recordings
