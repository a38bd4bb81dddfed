// Package events reads recordings of event cameras and other spiking sensors.
//
// A [Reader] finds the format by the first bytes of a file and gives its events,
// with times in µs that go on where the counter of the camera begins anew, in
// constant memory:
//
//	r, err := events.Open("recording.raw", events.Options{})
//	if err != nil {
//		return err
//	}
//	defer r.Close()
//	for e, err := range r.All() {
//		if err != nil {
//			return err // which byte, and what is wrong with it
//		}
//		fmt.Println(e.T, e.X, e.Y, e.On)
//	}
//	fmt.Println(r.Summary()) // how many, and what was skipped
//
// [Formats] lists what it reads: the files of N-MNIST and N-Caltech101, AEDAT 2.0,
// 3.1 and 4, Prophesee's EVT 2.0, EVT 3.0 and .dat, Event Stream, NumPy, MATLAB and
// text. [Options] say what a file does not. [WriteFile] writes five of them.
//
// A [Transform] makes another [Recording] of one, event by event as they are asked
// for. [Apply] puts several in a row:
//
//	rec, err := events.Apply(r.Recording(),
//		events.Normalise(),
//		events.Denoise(5*time.Millisecond),
//		events.Downsample(4),
//	)
//
// [ByTime], [ByCount] and [ByLabels] cut a recording into windows, of which [Frames]
// makes pictures and [Voxels] grids; [Surface] and [HATS] are time surfaces. [Bins]
// makes spikes of it, for a network: an event at exactly n·dt is in time step n.
//
// Package data/recordings has data sets of recordings.
package events
